@AC7
Feature: AC7 SLM Service Integration
  The engineer sees on the ticket how a service stands to what it promises; the worse it stands, the more urgent the ticket.

  @AC7.1
  Scenario Outline: The issue shows the target that is defined for the service, <target> %
    Given a service with a target of <target> %
    When an alert on that service fires
    Then the issue shows the service's target

    Examples:
      | target |
      | 99.5   |
      | 95     |
      | 99.99  |

  @AC7.1
  Scenario: Issues about two services show each its own service's target
    Given two services, one with a target of 99.5 % and one with a target of 97 %
    When an alert on each of them fires
    Then each issue shows its own service's target, and not the other's

  @AC7.1
  Scenario: The issue of an alert without a service level objective shows no SLO data
    Given an alert whose issue shows the SLO data of its service
    When an alert on a service without a service level objective fires
    Then exactly one issue is opened in the configured Linear team
    And the issue shows no SLO data

  @AC7.2
  Scenario Outline: The issue shows where the service stands <when>
    Given a service that answered <good> requests, refused <refused> as wrong and failed <failed>
    When an alert on that service fires
    Then the issue shows the share of its requests that did not fail

    Examples:
      | when                                          | good  | refused | failed |
      | when some requests fail                       | 9850  | 0       | 150    |
      | when many requests were wrong                 | 9250  | 600     | 150    |
      | when all of its failures are the callers' own | 9400  | 600     | 0      |
      | when every request is answered                | 10000 | 0       | 0      |

  @AC7.3
  Scenario Outline: The issue shows an error budget that is <spent>
    Given a service with a target of 98 % that failed <failed> of 10000 requests
    When an alert on that service fires
    Then the issue shows how much of the error budget remains, and how fast it burns

    Examples:
      | spent                | failed |
      | full                 | 0      |
      | half spent           | 100    |
      | spent to the last    | 200    |
      | overspent by half    | 300    |
      | overspent many times | 2000   |

  @AC7.4
  Scenario Outline: A burn rate <place> the boundary above which a violation is <boundary> is a <violation> violation
    Given a service whose burn rate is <place> the boundary above which a violation is <boundary>
    When a critical alert on that service fires
    Then the issue is as urgent as a <violation> violation makes it, and calls it nothing else

    Examples:
      | place      | boundary | violation |
      | just below | critical | high      |
      | exactly on | critical | high      |
      | just above | critical | critical  |
      | just below | high     | medium    |
      | exactly on | high     | medium    |
      | just above | high     | high      |
      | just below | medium   | low       |
      | exactly on | medium   | low       |
      | just above | medium   | medium    |

  @AC7.5
  Scenario Outline: The issue is assigned to <engineer>
    Given <engineer>
    When an alert fires
    Then the issue is assigned to that engineer

    Examples:
      | engineer                                                                       |
      | an engineer whose shift has begun after a colleague's and before another one's |
      | an engineer who stands in for the one whose shift it is                        |
      | an engineer for whom a colleague stood in until an hour ago                    |

  @AC7.5
  Scenario: The issue is assigned to the engineer who was on call when the alert began
    Given an engineer whose shift has begun after a colleague's and before another one's
    When an alert is notified that began in the colleague's shift
    Then the issue is assigned to that colleague

  @AC7.5
  Scenario: Between two shifts the issue is assigned to nobody
    Given an engineer whose shift has ended, and one whose shift has not begun
    When an alert fires
    Then exactly one issue is opened in the configured Linear team
    And the issue is assigned to nobody

  @AC7.6
  Scenario Outline: The issue does without SLM context when the SLM service <fails>
    Given an alert whose issue shows the SLO data of its service
    And the SLM service <fails>
    When an alert on another service fires
    Then exactly one issue is opened in the configured Linear team
    And the issue says that there is no SLM context, and shows none
    And agent-sre is alive and has logged the error with the correlation id

    Examples:
      | fails                                     |
      | does not answer                           |
      | drops the connection                      |
      | is starting                               |
      | answers that the query took too long      |
      | answers with an internal error            |
      | answers that the query cannot be executed |
      | refuses the query                         |
      | cuts its answer short                     |
      | answers something that is not JSON        |

  @AC7.6
  Scenario: The issue does without SLM context when the SLM service has no data of the service
    Given an alert whose issue shows the SLO data of its service
    When an alert on a service without SLO data fires
    Then exactly one issue is opened in the configured Linear team
    And the issue says that there is no SLM context, and shows none
    And agent-sre is alive and has logged the error with the correlation id
