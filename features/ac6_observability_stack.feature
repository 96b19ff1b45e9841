@AC6
Feature: AC6 Observability Stack Integration
  A ticket tells what Prometheus, Loki and Tempo know about its alert, and they tell an engineer what agent-sre does.

  @AC6.1
  Scenario: The ticket states the value of the alert's own series
    Given an alert that the observability stack knows, among others that are much alike
    When the alert fires
    Then the ticket states the value that Prometheus has of the alert's series
    And it states the value of no other series

  @AC6.1
  Scenario: Of two alerts of one rule each has its own value on its ticket
    Given two alerts of one rule that the observability stack knows, the first of which has its ticket
    When the second one fires
    Then its ticket states the value that Prometheus has of its own series

  @AC6.2
  Scenario: The ticket has the log lines of the alert's pod and window
    Given an alert that the observability stack knows, among others that are much alike
    When the alert fires
    Then the ticket has the lines that the alert's pod has logged around the alert's start
    And it has no line of another pod, and none from before

  @AC6.3
  Scenario: The ticket names the trace that failed
    Given an alert that the observability stack knows, among others that are much alike
    When the alert fires
    Then the ticket names the trace in which the alert's service failed
    And it names no other trace

  @AC6.2 @AC6.3
  Scenario: The context is that of the alert's start, also when its notification comes late
    Given an alert that began a while ago and that the observability stack knows, among others that are much alike
    When the alert fires
    Then the ticket has the lines that the alert's pod has logged around the alert's start
    And the ticket names the trace in which the alert's service failed

  @AC6.4
  Scenario Outline: An alert is handled in time although <backend> <hangs>
    Given an alert that the observability stack knows, and a remediation for it
    And <backend> <hangs> when agent-sre asks
    When the alert fires
    Then the alert has its ticket and its remediation in time
    And the ticket says that the <context> are unavailable, and has the rest of the context

    Examples:
      | backend    | context | hangs                               |
      | Prometheus | metrics | does not answer                     |
      | Prometheus | metrics | begins its answer and never ends it |
      | Loki       | logs    | does not answer                     |
      | Loki       | logs    | begins its answer and never ends it |
      | Tempo      | traces  | does not answer                     |
      | Tempo      | traces  | begins its answer and never ends it |

  @AC6.4
  Scenario: An alert is handled in time although the whole observability stack does not answer
    Given an alert that the observability stack knows, and a remediation for it
    And Prometheus, Loki and Tempo do not answer agent-sre
    When the alert fires
    Then the alert has its ticket and its remediation in time
    And the ticket says that metrics, logs and traces are unavailable

  @AC6.5
  Scenario Outline: The ticket goes without <context> when <backend> <fails>
    Given an alert that the observability stack knows, among others that are much alike
    And <backend> <fails> for agent-sre
    When the alert fires
    Then the ticket says that the <context> are unavailable, and has the rest of the context
    And agent-sre is alive and has logged the error with the correlation id

    Examples:
      | backend    | context | fails                                     |
      | Prometheus | metrics | refuses the query                         |
      | Prometheus | metrics | answers that the query cannot be executed |
      | Prometheus | metrics | is asked too often                        |
      | Prometheus | metrics | answers with an internal error            |
      | Prometheus | metrics | is starting                               |
      | Prometheus | metrics | cuts its answer short                     |
      | Prometheus | metrics | answers something that is not JSON        |
      | Loki       | logs    | refuses the query                         |
      | Loki       | logs    | answers that the query cannot be executed |
      | Loki       | logs    | is asked too often                        |
      | Loki       | logs    | answers with an internal error            |
      | Loki       | logs    | is starting                               |
      | Loki       | logs    | cuts its answer short                     |
      | Loki       | logs    | answers something that is not JSON        |
      | Tempo      | traces  | refuses the query                         |
      | Tempo      | traces  | answers that the query cannot be executed |
      | Tempo      | traces  | is asked too often                        |
      | Tempo      | traces  | answers with an internal error            |
      | Tempo      | traces  | is starting                               |
      | Tempo      | traces  | cuts its answer short                     |
      | Tempo      | traces  | answers something that is not JSON        |

  @AC6.5
  Scenario Outline: A query that <backend> cannot execute is not one that finds nothing
    Given an alert of which <backend> knows nothing, whose ticket does not call the <context> unavailable
    When <backend> cannot execute the query about another such alert
    Then the ticket says that the <context> are unavailable, and not what the first alert's ticket says

    Examples:
      | backend    | context |
      | Prometheus | metrics |
      | Loki       | logs    |
      | Tempo      | traces  |

  @AC6.6
  Scenario: Every panel of agent-sre's dashboard shows data
    Given two alerts of whose remediations one succeeds and one fails
    When both alerts fire and are handled
    Then every panel of agent-sre's dashboard shows data

  @AC6.6
  Scenario: The ticket links to a graph of the alert
    Given an alert that the observability stack knows, among others that are much alike
    When the alert fires
    Then the ticket links to a graph of the alert's series around the alert's start

  @AC6.7
  Scenario: Prometheus counts what agent-sre has done
    Given two alerts of whose remediations one succeeds and one fails
    When both alerts fire and are handled, and one of them resolves
    Then Prometheus counts one success for the first and one failure for the second
    And it counts as many events of each type as agent-sre has received
    And it counts the seconds that they took, and has 0 remediations as active afterwards

  @AC6.7
  Scenario: Prometheus has a remediation as active while it is under way
    Given Prometheus scrapes agent-sre
    And a LambdaFunction that does not answer
    When an alert fires that it remediates
    Then Prometheus has a remediation as active meanwhile

  @AC6.7
  Scenario: A remediation that succeeds at the third try is one success
    Given a LambdaFunction that is unavailable for its first 2 calls
    When an alert fires that it remediates
    Then the remediation succeeds
    And Prometheus counts one success for the alert

  @AC6.7
  Scenario: agent-sre's own traces carry the alert's correlation id
    Given Tempo has no trace of agent-sre with the alert's correlation id
    When an alert fires
    Then Tempo has a trace of agent-sre with the alert's correlation id
