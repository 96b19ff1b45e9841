@AC4
Feature: AC4 Jira API Integration
  Every alert has one Jira issue that says what happens and how urgent it is, and is done when the alert is over, also on Jira's bad days.

  @AC4.1
  Scenario: A firing alert opens one issue with what the engineer needs
    When an alert fires
    Then exactly one issue is opened in the configured Jira project
    And the Jira issue is of the agreed type
    And the Jira issue's summary names the alert
    And the Jira issue's description is a document as Jira wants it
    And the Jira issue's description has the severity, every label, the description and the correlation id

  @AC4.1
  Scenario: Two notifications of an alert at the same moment open one issue
    When an alert is notified twice at the same moment
    Then exactly one issue is opened in the configured Jira project

  @AC4.1
  Scenario: The issue is opened in Jira though Linear refuses its own
    Given Linear refuses every new issue as invalid
    When an alert fires
    Then exactly one issue is opened in the configured Jira project

  @AC4.1
  Scenario: The issue is opened in Jira while Linear is away
    Given the Linear API is disabled temporarily
    When an alert fires
    Then the alert has its open Jira issue within the recovery limit

  @AC4.1
  Scenario Outline: An alert with <what Jira may refuse> has its issue all the same
    Given an alert with <what Jira may refuse>
    When the alert fires
    Then exactly one issue is opened in the configured Jira project
    And the Jira issue's description is a document as Jira wants it
    And the Jira issue's description has the severity, every label and the correlation id

    Examples:
      | what Jira may refuse                        |
      | an annotation that is empty                 |
      | a name that is too long for a summary       |
      | a description that is too long for an issue |

  @AC4.1
  Scenario: An alert that has a summary and no description opens one issue, which tells the summary
    Given an alert that has a summary and no description
    When the alert fires
    Then exactly one issue is opened in the configured Jira project
    And the Jira issue tells the alert's summary

  @AC4.1
  Scenario: A description of several paragraphs is told in full
    Given an alert that has a long description of several paragraphs and no summary
    When the alert fires
    Then exactly one issue is opened in the configured Jira project
    And the Jira issue's description is a document as Jira wants it
    And the Jira issue's description has the severity, every label, the description and the correlation id

  @AC4.1
  Scenario Outline: An alert without <something> opens one issue, which tells what there is
    Given an alert without <something>
    When the alert fires
    Then exactly one issue is opened in the configured Jira project
    And the Jira issue's summary names the alert
    And the Jira issue's description has the severity, every label and the correlation id

    Examples:
      | something   |
      | a pod       |
      | a namespace |
      | annotations |
      | a source    |

  @AC4.2
  Scenario: The remediation is told on the alert's issue
    Given an alert whose remediation succeeds
    When the alert fires
    Then the Jira issue tells that the remediation was started and how it ended
    And no second issue is opened in Jira for the alert

  @AC4.2
  Scenario: A remediation that fails is told on the alert's issue, and as no success
    Given two alerts, of which the first one's remediation fails and the second one's succeeds
    When both of them fire
    Then the first alert's Jira issue tells that the remediation was started and how it ended
    And it tells the end otherwise than the second alert's Jira issue, which tells a success

  @AC4.2
  Scenario: A repeated notification is told on the alert's issue
    Given a firing alert with a Jira issue
    When the alert is notified again
    Then the Jira issue is updated
    And no second issue is opened in Jira for the alert

  @AC4.2
  Scenario: A repeated notification while Jira drops connections is told on the issue all the same
    Given a firing alert with a Jira issue
    And the Jira API is disabled temporarily
    When the alert is notified again, and Jira is enabled again after it has dropped 2 calls
    Then the Jira issue is updated within the recovery limit

  @AC4.3
  Scenario: The issue of a resolved alert is closed with a closing comment
    Given a firing alert with a Jira issue on which it was notified again
    When the alert resolves
    Then the Jira issue is done, by a transition, and says in a new comment that the alert is resolved

  @AC4.3
  Scenario: The issue of an alert that resolves while Jira drops connections is closed all the same
    Given a firing alert with a Jira issue
    And the Jira API is disabled temporarily
    When the alert resolves, and Jira is enabled again after it has dropped 2 calls
    Then the Jira issue is done within the recovery limit, and says in a new comment that the alert is resolved

  @AC4.3
  Scenario: The issue is closed whatever done work is called in the project
    Given a Jira project in which done work is called otherwise
    And a firing alert with a Jira issue
    When the alert resolves
    Then the Jira issue is done, by a transition, and says in a new comment that the alert is resolved

  @AC4.3
  Scenario: Only the resolved alert's issue is closed
    Given two firing alerts with a Jira issue each
    And somebody has begun to work on both of the Jira issues
    When the first alert resolves
    Then the first alert's Jira issue is done
    And the second alert's Jira issue is still open

  @AC4.3
  Scenario: Of three alerts of one name about one pod only the resolved one's issue is closed
    Given three alerts of one name about one pod that fire one after the other, with a Jira issue each
    When the second alert resolves
    Then the second alert's Jira issue is done
    And the other two alerts' Jira issues are still open

  @AC4.3
  Scenario: An alert that fires again after it resolved has an open issue again
    Given an alert that fired, had a Jira issue and resolved
    When the alert fires again
    Then the alert has exactly one open Jira issue

  @AC4.3
  Scenario: An alert that fires again and resolves again has no open issue left
    Given an alert that fired again after it resolved, and has an open Jira issue again
    When the alert resolves
    Then the alert has no open Jira issue left

  @AC4.3
  Scenario: The issue stays open while the alert fires
    Given a firing alert with a Jira issue
    When the alert is notified again
    Then the Jira issue is updated
    And the Jira issue is still open

  @AC4.4
  Scenario Outline: A <severity> alert has priority <priority>
    When an alert of severity "<severity>" fires
    Then the Jira issue's priority is <priority>

    Examples:
      | severity | priority |
      | critical | Highest  |
      | CRITICAL | Highest  |
      | warning  | High     |
      | Warning  | High     |
      | info     | Medium   |
      | disaster | Medium   |

  @AC4.4
  Scenario: An alert without a severity has priority Medium
    When an alert without a severity fires
    Then the Jira issue's priority is Medium

  @AC4.5
  Scenario Outline: The issue of a <severity> alert carries the agreed labels
    When an alert of severity "<severity>" fires
    Then the Jira issue carries the labels "agent-sre" and "<severity>"

    Examples:
      | severity |
      | critical |
      | warning  |
      | info     |

  @AC4.5
  Scenario: Of two alerts of different severities each has its own as a label
    Given two alerts of one name about one pod, each of a severity of its own
    When both of them fire
    Then each Jira issue carries its own alert's severity as a label, and not the other's

  @AC4.5
  Scenario Outline: The severity "<severity>", which cannot be a label, becomes one that can
    When an alert of severity "<severity>" fires
    Then exactly one issue is opened in the configured Jira project
    And the Jira issue carries the labels "agent-sre" and "<label>"
    And the Jira issue's description has the severity, every label and the correlation id

    Examples:
      | severity            | label               |
      | very bad            | very-bad            |
      | as bad as it can be | as-bad-as-it-can-be |

  @AC4.5
  Scenario Outline: A label that <cannot be one in Jira> costs no issue and is not lost
    Given an alert with a label that <cannot be one in Jira>
    When the alert fires
    Then exactly one issue is opened in the configured Jira project
    And the Jira issue carries the label "agent-sre"
    And the Jira issue's description has the severity, every label and the correlation id

    Examples:
      | cannot be one in Jira        |
      | holds spaces                 |
      | holds quotes and line breaks |
      | is too long                  |

  @AC4.6
  Scenario: A reached rate limit is waited out, and the issue then opened once
    Given Jira answers that the rate limit is reached, and when it ends
    When an alert fires
    And another alert fires while Jira asks to be left alone
    Then agent-sre stops calling Jira for as long as Jira has asked
    And exactly one issue is opened in the configured Jira project afterwards
    And the other alert has its open issue in Jira as well

  @AC4.6
  Scenario: What Jira could not do is not tried again before the time that Jira names, and the issue then opened once
    Given Jira answers that it is unavailable, and when to come back
    When an alert fires
    Then agent-sre calls Jira about the alert no more for as long as Jira has asked
    And exactly one issue is opened in the configured Jira project afterwards

  @AC4.7
  Scenario Outline: The issue is opened once although Jira <fails>
    Given Jira <fails> for the next 2 calls
    When an alert fires
    Then exactly one issue is opened in the configured Jira project
    And agent-sre is alive and has logged Jira's error with the correlation id

    Examples:
      | fails                                            |
      | answers with an internal error                   |
      | answers with a bad gateway page                  |
      | does not answer                                  |
      | drops the connection                             |
      | cuts its answer short                            |
      | answers something that is not JSON               |
      | is asked too often and does not say for how long |

  @AC4.7
  Scenario Outline: The issue is opened once although Jira has opened it and <loses the answer>
    Given Jira opens the issue and <loses the answer>
    When an alert fires
    Then exactly one issue is opened in the configured Jira project
    And agent-sre is alive and has logged Jira's error with the correlation id

    Examples:
      | loses the answer                |
      | does not answer                 |
      | drops the connection            |
      | cuts its answer short           |
      | answers with a bad gateway page |

  @AC4.7
  Scenario: A refusal is not tried for ever, and its reasons are logged in full
    Given Jira refuses every new issue and names the fields at fault
    When an alert fires
    Then agent-sre gives up in Jira after a few tries
    And agent-sre is alive and has logged every field at fault and Jira's other complaint with the correlation id
    And an alert that fires once Jira accepts issues again has exactly one Jira issue

  @AC4.8
  Scenario: Every call to Jira is authenticated
    Given an alert whose remediation succeeds
    When the alert fires
    Then every call to Jira carries the configured e-mail address and token in the place Jira asks for
    And the token appears in no address
    And exactly one issue is opened in the configured Jira project

  @AC4.8
  Scenario Outline: A token that <is refused> makes few calls, a clear log and no lost alert
    Given the token of agent-sre <is refused> in Jira
    When an alert fires
    Then agent-sre gives up in Jira after a few tries
    And agent-sre has logged that Jira refused its token, without the token
    And the alert has its Jira issue once a valid token is in place and the alert is notified again

    Examples:
      | is refused         |
      | is revoked         |
      | is allowed nothing |
