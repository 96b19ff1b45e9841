@S4
Feature: Scenario 4 Observability Stack Unavailable
  The whole way of an alert that needs metrics which nobody can give: handled with what there is, and complete once they are back.

  @S4.1 @S4.2 @S4.3 @S4.4 @S4.5
  Scenario: Without Prometheus an alert is handled with what there is
    Given a PrometheusRule for several pods, of which the observability stack knows much, is loaded by Prometheus
    And Prometheus is disabled for all queries of agent-sre
    When an alert that requires metrics is triggered
    Then agent-sre degrades gracefully: the alert has its ticket, which says that the metrics are unavailable
    And the error is logged with the correlation id of the alert's event
    And agent-sre falls back to the severity alone for the priority, to logs and traces for the context, and remediates
    And once Prometheus is enabled again, the incident of one of the next alerts is complete within the recovery limit
