@AC3
Feature: AC3 Linear API Integration
  Every alert has one Linear issue that says what happens, who cares for it and how urgent it is, also on Linear's bad days.

  @AC3.1
  Scenario: A firing alert opens one issue with what the engineer needs
    When an alert fires
    Then exactly one issue is opened in the configured Linear team
    And the issue's title names the alert
    And the issue's description has the severity, every label, the description and the correlation id

  @AC3.1
  Scenario: The issue is opened in Linear though Jira refuses its own
    Given Jira refuses every new issue and names the fields at fault
    When an alert fires
    Then exactly one issue is opened in the configured Linear team

  @AC3.1
  Scenario: The issue is opened in Linear while Jira is away
    Given the Jira API is disabled temporarily
    When an alert fires
    Then the alert has its open Linear issue within the recovery limit

  @AC3.1
  Scenario: An alert that has a summary and no description opens one issue, which tells the summary
    Given an alert that has a summary and no description
    When the alert fires
    Then exactly one issue is opened in the configured Linear team
    And the issue tells the alert's summary

  @AC3.1
  Scenario Outline: An alert without <something> opens one issue, which tells what there is
    Given an alert without <something>
    When the alert fires
    Then exactly one issue is opened in the configured Linear team
    And the issue's title names the alert
    And the issue's description has the severity, every label and the correlation id

    Examples:
      | something   |
      | a pod       |
      | a namespace |
      | annotations |
      | a source    |

  @AC3.2
  Scenario: The remediation is told on the alert's issue
    Given an alert whose remediation succeeds
    When the alert fires
    Then the issue tells that the remediation was started and how it ended
    And no second issue is opened for the alert

  @AC3.2
  Scenario: A remediation that fails is told on the alert's issue, and as no success
    Given two alerts, of which the first one's remediation fails and the second one's succeeds
    When both of them fire
    Then the first alert's issue tells that the remediation was started and how it ended
    And it tells the end otherwise than the second alert's issue, which tells a success

  @AC3.2
  Scenario: A repeated notification is told on the alert's issue
    Given a firing alert with an issue
    When the alert is notified again
    Then the issue is updated
    And no second issue is opened for the alert

  @AC3.2
  Scenario: A repeated notification while Linear drops connections is told on the issue all the same
    Given a firing alert with an issue
    And the Linear API is disabled temporarily
    When the alert is notified again, and Linear is enabled again after it has dropped 2 calls
    Then the issue is updated within the recovery limit

  @AC3.3
  Scenario: The issue of a resolved alert is closed with a closing comment
    Given a firing alert with an issue on which it was notified again
    When the alert resolves
    Then the issue is completed and says in a new comment that the alert is resolved

  @AC3.3
  Scenario: The issue of an alert that resolves while Linear drops connections is closed all the same
    Given a firing alert with an issue
    And the Linear API is disabled temporarily
    When the alert resolves, and Linear is enabled again after it has dropped 2 calls
    Then the issue is completed within the recovery limit, and says in a new comment that the alert is resolved

  @AC3.3
  Scenario: An alert that resolves before its issue could be opened leaves no open issue behind
    Given Linear fails whenever an issue is to be opened
    When two alerts fire, and the first one resolves before Linear opens issues again
    Then the second alert has its one issue within the recovery limit
    And no open issue about the first alert is left

  @AC3.3
  Scenario: Only the resolved alert's issue is closed
    Given two firing alerts with an issue each
    And somebody has begun to work on both of the issues
    When the first alert resolves
    Then the first alert's issue is completed
    And the second alert's issue is still open

  @AC3.3
  Scenario: Of two alerts of one name about one pod only the resolved one's issue is closed
    Given two firing alerts of one name about one pod, with an issue each
    When the first alert resolves
    Then the first alert's issue is completed
    And the second alert's issue is still open

  @AC3.3
  Scenario: The issue stays open while the alert fires
    Given a firing alert with an issue
    When the alert is notified again
    Then the issue is still open

  @AC3.4
  Scenario: The issue links to the alert's source and to its SLO dashboard
    Given an alert on a service with a service level objective
    When the alert fires
    Then the issue links to the alert's source
    And the issue links to the SLO dashboard of that service

  @AC3.4
  Scenario Outline: The issue links to a source that is an address of <scheme>
    Given an alert whose source is an address of <scheme>
    When the alert fires
    Then the issue links to the alert's source

    Examples:
      | scheme |
      | http   |
      | https  |

  @AC3.4
  Scenario: The ticket of a failed remediation is related to the alert's issue
    Given an alert whose remediation fails
    When the alert fires
    Then an issue about the failed remediation is opened
    And it is related to the alert's issue

  @AC3.5
  Scenario Outline: A <severity> alert with a <violation> SLO violation has priority <priority>
    Given a service whose SLO violation is <violation>
    When a <severity> alert on that service fires
    Then the issue's priority is <priority>

    Examples:
      | severity | violation | priority |
      | critical | critical  | Urgent   |
      | critical | high      | Urgent   |
      | critical | medium    | High     |
      | critical | low       | High     |
      | warning  | critical  | High     |
      | warning  | high      | High     |
      | warning  | medium    | Normal   |
      | warning  | low       | Normal   |
      | info     | critical  | Low      |
      | info     | high      | Low      |
      | info     | medium    | Low      |
      | info     | low       | Low      |
      | disaster | critical  | Normal   |

  @AC3.5
  Scenario Outline: A <severity> alert without SLO data has priority <priority>
    When an alert of severity "<severity>" fires
    Then the issue's priority is <priority>

    Examples:
      | severity | priority |
      | critical | Urgent   |
      | CRITICAL | Urgent   |
      | warning  | High     |
      | Warning  | High     |
      | info     | Normal   |
      | disaster | Normal   |

  @AC3.5
  Scenario: An alert without a severity has priority Normal
    When an alert without a severity fires
    Then the issue's priority is Normal

  @AC3.6
  Scenario Outline: The issue of a <severity> alert carries the agreed labels
    When an alert of severity "<severity>" fires
    Then the issue carries the labels "agent-sre" and "<severity>"

    Examples:
      | severity |
      | critical |
      | warning  |
      | info     |

  @AC3.6
  Scenario: Of two alerts of different severities each has its own as a label
    Given two alerts of one name about one pod, each of a severity of its own
    When both of them fire
    Then each issue carries its own alert's severity as a label, and not the other's

  @AC3.6
  Scenario: A label that does not exist in Linear costs no issue
    Given Linear has no label for severity "disaster"
    When an alert of severity "disaster" fires
    Then exactly one issue is opened in the configured Linear team
    And the issue carries the label "agent-sre"

  @AC3.6
  Scenario: A label that is deleted in Linear after it was used costs no issue
    Given the Linear label for severity "calamity" was deleted after an alert had its issue
    When an alert of severity "calamity" fires
    Then exactly one issue is opened in the configured Linear team

  @AC3.7
  Scenario: The issue is assigned to the engineer on call
    Given an engineer with a Linear account is on call
    When an alert fires
    Then the issue is assigned to that engineer

  @AC3.7
  Scenario Outline: The issue is opened unassigned when <nobody>
    Given <nobody>
    When an alert fires
    Then exactly one issue is opened in the configured Linear team
    And the issue is assigned to nobody

    Examples:
      | nobody                                    |
      | nobody is on call                         |
      | the engineer on call is unknown to Linear |
      | the on-call service is down               |

  @AC3.8
  Scenario Outline: A reached limit of <what> is waited out and the issue then opened once
    Given Linear answers that its limit of <what> is reached, and when that ends
    When an alert fires
    And another alert fires while Linear asks to be left alone
    Then agent-sre stops calling Linear until the limit ends
    And exactly one issue is opened in the configured Linear team afterwards
    And the other alert has its open issue in Linear as well

    Examples:
      | what       |
      | requests   |
      | complexity |

  @AC3.9
  Scenario Outline: The issue is opened once although Linear <fails>
    Given Linear <fails> for the next 2 calls
    When an alert fires
    Then exactly one issue is opened in the configured Linear team
    And agent-sre is alive and has logged Linear's error with the correlation id

    Examples:
      | fails                                 |
      | answers with an internal error        |
      | answers with a bad gateway page       |
      | does not answer                       |
      | drops the connection                  |
      | cuts its answer short                 |
      | answers something that is not JSON    |
      | answers with a passing GraphQL error  |

  @AC3.9
  Scenario Outline: The issue is opened once although Linear has opened it and <loses the answer>
    Given Linear opens the issue and <loses the answer>
    When an alert fires
    Then exactly one issue is opened in the configured Linear team
    And agent-sre is alive and has logged Linear's error with the correlation id

    Examples:
      | loses the answer                |
      | does not answer                 |
      | drops the connection            |
      | cuts its answer short           |
      | answers with a bad gateway page |

  @AC3.9
  Scenario: A permanent error is not tried for ever
    Given Linear refuses every new issue as invalid
    When an alert fires
    Then agent-sre gives up after a few tries
    And agent-sre is alive and has logged Linear's error with the correlation id
    And an alert that fires once Linear accepts issues again has exactly one issue

  @AC3.10
  Scenario: Every call to Linear is authenticated
    Given an alert whose remediation succeeds
    When the alert fires and is handled
    Then every call to Linear carries the configured key in the place Linear asks for
    And the key appears in no address

  @AC3.10
  Scenario: A revoked key makes few calls, a clear log and no lost alert
    Given the key of agent-sre is revoked in Linear
    When an alert fires
    Then agent-sre gives up after a few tries
    And agent-sre has logged that Linear refused its key, without the key
    And the alert has its issue once a valid key is in place and the alert is notified again
