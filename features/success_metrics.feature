@M @load
Feature: Success Metrics
  How well agent-sre and its integrations do under alerts that arrive on schedule, whatever becomes of those before them.
  What has to be reached is the profile's; by default it is what the ticket says.

  @M1
  Scenario: Calls succeed at the integration points
    When alerts have arrived on schedule
    Then as many of the calls succeed as have to, at each of these integration points
      | integration point                                         |
      | Prometheus → prometheus-events → agent-sre                |
      | agent-sre → Linear API                                    |
      | agent-sre → Jira API                                      |
      | agent-sre → LambdaFunctions (Knative)                     |
      | agent-sre → Observability Stack (Prometheus, Loki, Tempo) |
      | agent-sre → SLM Service                                   |
      | agent-sre → TRM Model Service                             |

  @M2
  Scenario: Alerts have their effects in time
    When alerts have arrived on schedule
    Then 95 % of the alerts have their effect in time, at each of these systems
      | system              | effect                                        |
      | agent-sre           | the alert's event is there                    |
      | Linear              | the alert has its issue                       |
      | Jira                | the alert has its issue                       |
      | LambdaFunctions     | the alert is remediated                       |
      | Prometheus          | the ticket tells the value of the series      |
      | Loki                | the ticket tells what the pod has logged      |
      | Tempo               | the ticket names the trace that failed        |
      | the SLM service     | the ticket tells what the service promises    |
      | the on-call service | the ticket is assigned to the engineer        |
      | the TRM model       | the model has chosen a remedy                 |

  @M5
  Scenario: Calls are authenticated
    When alerts have arrived on schedule
    Then every call is authenticated, by each of these systems
      | system              |
      | Linear              |
      | Jira                |
      | the on-call service |
      | the Kubernetes API  |

  @M1
  Scenario: Calls succeed at the approval system
    Given remediations need one approval
    When alerts have arrived on schedule, and people have approved each remediation
    Then as many of the calls succeed as have to, at each of these integration points
      | integration point                          |
      | agent-sre → Approval System (Slack/Custom) |

  @M2
  Scenario: People are asked for approval in time
    Given remediations need one approval
    When alerts have arrived on schedule, and people have approved each remediation
    Then 95 % of the alerts have their effect in time, at each of these systems
      | system                   | effect                   |
      | Slack                    | Slack shows the request  |
      | the approval application | it has taken the request |

  @M5
  Scenario: Requests for approval and their answers are authenticated
    Given remediations need one approval
    When alerts have arrived on schedule, and people have approved each remediation
    Then every call is authenticated, by each of these systems
      | system              |
      | Slack               |
      | agent-sre, by Slack |

  @M3
  Scenario Outline: Soon after an outage of <system> an incident is complete again
    Given remediations need one approval
    When <system> has been down for a while, and alerts fire
    Then <system> is in use again in time: <effect>

    Examples:
      | system                   | effect                                           |
      | the broker               | an alert has reached agent-sre                   |
      | Linear                   | an alert has its issue                           |
      | Jira                     | an alert has its issue                           |
      | LambdaFunctions          | an alert is remediated                           |
      | Kubernetes               | an alert's function is looked up and called      |
      | Prometheus               | a ticket tells the value of the alert's series   |
      | Loki                     | a ticket tells what the alert's pod has logged   |
      | Tempo                    | a ticket names the trace that failed             |
      | the SLM service          | a ticket tells what the alert's service promises |
      | the on-call service      | a ticket is assigned to the engineer on call     |
      | Slack                    | Slack shows a request for approval               |
      | the approval application | it has taken a request for approval              |
      | the TRM model            | the model has chosen a remedy                    |

  @M4
  Scenario: Rate limits are respected
    Given remediations need one approval
    When alerts arrive on schedule while rate limits are reached
    Then no call is sent while its rate limit is reached, to any of these systems
      | system |
      | Linear |
      | Jira   |
      | Slack  |
