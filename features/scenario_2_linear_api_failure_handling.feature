@S2
Feature: Scenario 2 Linear API Failure Handling
  The whole way of an alert that fires while Linear is away: nobody has to do anything for its issue to appear afterwards.

  @S2.1 @S2.2 @S2.3 @S2.4 @S2.5
  Scenario: An alert that fires while Linear is away has its issue when Linear is back
    Given a test PrometheusRule is created and loaded by Prometheus
    And the Linear API is disabled temporarily
    When the alert is triggered
    Then agent-sre does not crash
    And Linear's error is logged with the correlation id of the alert's event
    And agent-sre tries again with growing pauses
    And once Linear is enabled again, the alert has its one issue within the recovery limit
    And the issue contains the correct data
      | data           |
      | alert name     |
      | severity       |
      | labels         |
      | description    |
      | correlation id |
      | priority       |
