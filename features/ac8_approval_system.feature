@AC8
Feature: AC8 Approval System Integration
  Under supervision agent-sre asks people before it remediates, does what they decide, and keeps on the ticket who decided.

  @AC8.1
  Scenario: Slack is asked with all that a decision needs
    Given remediations need one approval
    When an alert fires whose remediation needs approval
    Then Slack shows a request with the action, the alert and its parameters
    And the request has an id and one button each to approve and to reject

  @AC8.1
  Scenario: Two alerts have requests of their own
    Given remediations need one approval
    And two alerts whose remediations wait for approval
    When a person approves the first one on Slack
    Then only the first alert's LambdaFunction is called
    When another person approves the second one on Slack
    Then the second alert's LambdaFunction is called once, too

  @AC8.1
  Scenario: Slack is asked also about an alert that says more than a message may hold
    Given remediations need one approval
    When an alert with very long texts and parameters fires whose remediation needs approval
    Then Slack shows a request about the alert

  @AC8.1
  Scenario: Slack is asked once its rate limit has ended
    Given remediations need one approval
    And Slack answers that the rate limit is reached, and when it ends
    When an alert fires whose remediation needs approval
    Then agent-sre stops calling Slack until the limit ends
    And Slack shows exactly one request about the alert

  @AC8.2
  Scenario: The approval application is asked with all that a decision needs
    Given remediations need one approval
    When an alert fires whose remediation needs approval
    Then the approval application is told the request id, the action, the parameters, the time-out and where to answer

  @AC8.2
  Scenario: An application that does not call back is asked for its decision
    Given remediations need one approval, and the application does not call back
    And an alert whose remediation waits for approval
    When a person approves it in the approval application, which keeps it to itself
    Then the LambdaFunction is called once, and only after the approval
    And the ticket says who approved and when

  @AC8.3
  Scenario Outline: The remediation of <an alert> runs once when it is approved <where>, and not before
    Given remediations need one approval
    When <an alert> fires and its remediation needs approval
    Then the LambdaFunction is not called
    When a person approves it <where>
    Then the LambdaFunction is called once, and only after the approval
    And the ticket says who approved and when

    Examples:
      | an alert                 | where                       |
      | a warning                | on Slack                    |
      | a critical alert         | in the approval application |
      | an alert for information | on Slack                    |

  @AC8.3
  Scenario: What the model chooses needs approval, too
    Given remediations need one approval
    When an alert fires whose remedy the model chooses
    Then no LambdaFunction is called about it without approval
    And another alert that is approved in time has its LambdaFunction called

  @AC8.3
  Scenario: An alert that fires again needs an approval of its own again
    Given remediations need one approval
    And an alert whose remediation was approved and that has resolved
    When the alert fires again and its remediation needs approval again
    Then the LambdaFunction is not called
    When another person approves it on Slack
    Then the LambdaFunction is called once, and only after the approval

  @AC8.3
  Scenario: An alert that is notified again while it waits for approval is remediated once
    Given remediations need one approval
    And an alert whose remediation waits for approval
    When the alert is notified again while it waits
    And a person approves each request about it on Slack
    Then the LambdaFunction is called once, and only after the approval

  @AC8.3
  Scenario Outline: An approval that is <forged> is refused
    Given remediations need one approval
    And an alert whose remediation waits for approval
    When an approval arrives that is <forged>
    Then it is refused and the LambdaFunction is not called
    And a genuine approval has the LambdaFunction called once

    Examples:
      | forged                          |
      | unsigned                        |
      | dated but unsigned              |
      | signed with another secret      |
      | signed with the version alone   |
      | signed in part                  |
      | changed after it was signed     |
      | signed too long ago             |
      | signed in the future            |
      | not sent the way Slack sends it |

  @AC8.3
  Scenario: An approval of an unknown request is refused
    Given remediations need one approval
    And an alert whose remediation waits for approval
    When a signed approval of a request arrives that was never made
    Then it is refused and the LambdaFunction is not called
    And a genuine approval has the LambdaFunction called once

  @AC8.3
  Scenario: A replayed approval is refused
    Given remediations need one approval
    And two alerts whose remediations wait for approval
    When a person approves the first one on Slack and then the second one, and the first approval arrives again
    Then the second one is refused and the LambdaFunction is called once

  @AC8.3
  Scenario: Clicking twice runs the remediation once
    Given remediations need one approval
    And an alert whose remediation waits for approval
    When a person approves it on Slack and another person approves it once more
    Then the LambdaFunction is called once, and only after the approval

  @AC8.3
  Scenario: What was approved in time does not run once more when the time is up
    Given remediations need one approval, and are approved without an answer
    And two alerts whose remediations wait for approval
    When a person approves the first one on Slack
    And nobody answers about the second one until the time is up
    Then the first alert's LambdaFunction is called once, and only after the approval
    And the second alert's LambdaFunction is called once, too

  @AC8.4
  Scenario: Nobody answers in time, and the remediation stays pending
    Given remediations need one approval, and stay pending without an answer
    When an alert fires whose remediation needs approval
    Then nothing is done when the time is up
    And a late approval changes nothing
    And another alert that is approved in time has its LambdaFunction called

  @AC8.4
  Scenario: Nobody answers in time, and the remediation goes ahead where that is agreed
    Given remediations need one approval, and are approved without an answer
    When an alert fires whose remediation needs approval
    Then the LambdaFunction is called once when the time is up
    And a late rejection changes nothing

  @AC8.4
  Scenario: Nobody answers in time, and the remediation is rejected where that is agreed
    Given remediations need one approval, and are rejected without an answer
    When an alert fires whose remediation needs approval
    Then the ticket says when the time is up that the remediation is rejected
    And a late approval changes nothing
    And another alert that is approved in time has its LambdaFunction called

  @AC8.4 @AC8.6
  Scenario: Where all must approve, one approval is not enough when the time is up
    Given remediations need the approval of all, and are rejected without it
    And an alert whose remediation waits for approval
    When a person approves it on Slack
    Then the ticket says when the time is up that the remediation is rejected
    And the LambdaFunction is not called
    And another alert that all approve has its LambdaFunction called

  @AC8.5
  Scenario Outline: A remediation that is rejected <where> does not run
    Given remediations need one approval
    And two alerts whose remediations wait for approval
    When a person rejects the first one <where>
    And another person approves the second one on Slack
    Then only the second alert's LambdaFunction is called
    And the first alert's ticket says who rejected and when

    Examples:
      | where                       |
      | on Slack                    |
      | in the approval application |

  @AC8.5
  Scenario: A rejection that the application keeps to itself until it is asked is heeded, too
    Given remediations need one approval, and the application does not call back
    And two alerts whose remediations wait for approval
    When a person rejects the first one in the approval application, which keeps it to itself
    And another person approves the second one on Slack
    Then only the second alert's LambdaFunction is called
    And the first alert's ticket says who rejected and when

  @AC8.5
  Scenario Outline: A rejection <where> stands although somebody approves <elsewhere> afterwards
    Given remediations need one approval
    And two alerts whose remediations wait for approval at both places
    When a person rejects the first one <where>
    And another person still approves the first one <elsewhere>
    And another person approves the second one on Slack
    Then only the second alert's LambdaFunction is called

    Examples:
      | where                       | elsewhere                   |
      | on Slack                    | on Slack                    |
      | on Slack                    | in the approval application |
      | in the approval application | on Slack                    |

  @AC8.5
  Scenario: What was rejected in time does not go ahead when the time is up
    Given remediations need one approval, and are approved without an answer
    And two alerts whose remediations wait for approval
    When a person rejects the first one on Slack
    And nobody answers about the second one until the time is up
    Then only the second alert's LambdaFunction is called

  @AC8.6
  Scenario Outline: One approval is enough while <place> <fails>
    Given remediations need one approval
    And <place> <fails> when it is asked for approval
    When an alert fires whose remediation needs approval
    And a person approves it <where>
    Then the LambdaFunction is called once, and only after the approval

    Examples:
      | place                    | fails                          | where                       |
      | Slack                    | refuses connections            | in the approval application |
      | Slack                    | does not answer                | in the approval application |
      | the approval application | refuses connections            | on Slack                    |
      | the approval application | answers with an internal error | on Slack                    |

  @AC8.6
  Scenario: Where one approval is enough, another one elsewhere has nothing run again
    Given remediations need one approval
    And an alert whose remediation waits for approval
    When a person approves it wherever agent-sre asks
    Then the LambdaFunction is called once, and only after the approval

  @AC8.6
  Scenario Outline: Where all must approve, one approval <where> is not enough
    Given remediations need the approval of all
    And an alert whose remediation waits for approval
    When a person approves it <where>
    Then the LambdaFunction is not called
    When another person approves it <elsewhere>
    Then the LambdaFunction is called once, and only after the approval

    Examples:
      | where                       | elsewhere                   |
      | on Slack                    | in the approval application |
      | in the approval application | on Slack                    |

  @AC8.6
  Scenario: Where all must approve, two approvals on Slack are one
    Given remediations need the approval of all
    And an alert whose remediation waits for approval
    When a person approves it on Slack
    And another person still approves it on Slack
    Then the LambdaFunction is not called
    When another person approves it in the approval application
    Then the LambdaFunction is called once, and only after the approval

  @AC8.6
  Scenario: Where all must approve, one rejection is enough
    Given remediations need the approval of all
    And an alert whose remediation waits for approval
    When a person rejects it on Slack
    And another person still approves it in the approval application
    Then the LambdaFunction is not called
    And the ticket says who rejected and when
    And another alert that all approve has its LambdaFunction called

  @AC8.6
  Scenario: Where all must approve, a rejection that comes last is enough, too
    Given remediations need the approval of all
    And an alert whose remediation waits for approval
    When a person approves it on Slack
    And another person rejects it in the approval application
    Then the LambdaFunction is not called
    And the ticket says who rejected and when
    And another alert that all approve has its LambdaFunction called

  @AC8.6
  Scenario Outline: Where all must approve, nobody is passed over while <place> <fails>
    Given remediations need the approval of all
    And <place> <fails> when it is asked for approval
    When an alert fires whose remediation needs approval
    And a person approves it <where>
    Then the LambdaFunction is not called
    When <place> works again
    And another person approves it <elsewhere>
    Then the LambdaFunction is called once, and only after the approval

    Examples:
      | place                    | fails                          | where                       | elsewhere                   |
      | Slack                    | refuses connections            | in the approval application | on Slack                    |
      | the approval application | refuses connections            | on Slack                    | in the approval application |
      | the approval application | answers with an internal error | on Slack                    | in the approval application |

  @AC8.6
  Scenario Outline: Where all must approve, nobody is passed over because <place> <refuses>
    Given remediations need the approval of all
    And <place> <refuses> when it is asked for approval
    When an alert fires whose remediation needs approval
    And a person approves it wherever agent-sre asks
    Then the LambdaFunction is not called
    When <place> works again
    Then another alert that all approve has its LambdaFunction called

    Examples:
      | place                    | refuses                        |
      | Slack                    | forbids the request            |
      | the approval application | refuses the request as invalid |
