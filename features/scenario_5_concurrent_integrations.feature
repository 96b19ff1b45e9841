@S5 @load
Feature: Scenario 5 Concurrent Integrations
  Many alerts at once are as many incidents, each with its own tickets and its own remediation, in time and at bearable cost.

  @S5.1 @S5.2 @S5.3 @S5.4 @S5.5
  Scenario: Fifty alerts at once
    Given a PrometheusRule that watches 50 pods and has each remediated
    When multiple alerts are triggered simultaneously
    Then all integrations work for every alert
    And no ticket and no remediation mixes up two alerts
    And the performance of each integration is acceptable
    And the resource usage of agent-sre is acceptable
