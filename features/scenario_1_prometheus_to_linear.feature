@S1
Feature: Scenario 1 Prometheus → Linear Flow
  The whole way of one alert, from the rule that a team writes to the issue that an engineer reads.

  @S1.1 @S1.2 @S1.3 @S1.4 @S1.5
  Scenario: An alert rule becomes a Linear issue
    Given a test PrometheusRule is created and loaded by Prometheus
    When the alert is triggered
    Then agent-sre receives the CloudEvent of the alert
    And a Linear issue is created for the alert
    And the issue contains the correct data
      | data           |
      | alert name     |
      | severity       |
      | labels         |
      | description    |
      | correlation id |
      | priority       |
