@AC1
Feature: AC1 Prometheus Integration
  A rule that a team writes becomes one incident per alert: nothing lost, nothing invented, nothing doubled.

  @AC1.1
  Scenario: A signal above the threshold raises the alert, a signal below it does not
    Given a PrometheusRule that alerts on a signal above 80
    When pod "checkout" stays at 79 and pod "payment" rises to 81
    Then exactly one fired event reaches agent-sre for pod "payment"
    And no alert and no event exists for pod "checkout"

  @AC1.1
  Scenario: An alert waits out its rule's delay before it fires
    Given a PrometheusRule that alerts on a signal above 80 after a delay
    When pod "checkout" rises to 81
    Then the alert is pending in Prometheus before it fires
    And exactly one fired event reaches agent-sre for pod "checkout"

  @AC1.1
  Scenario Outline: Alerts of severity <severity> arrive
    Given a PrometheusRule of severity "<severity>"
    When the alert fires
    Then exactly one fired event reaches agent-sre
    And the alert has exactly one open ticket

    Examples:
      | severity |
      | critical |
      | warning  |
      | info     |

  @AC1.2
  Scenario Outline: Labels and annotations arrive unchanged: <content>
    Given a PrometheusRule whose labels and annotations hold <content>
    When the alert fires
    Then the event carries every label and annotation unchanged
    And the ticket carries every label's value and the description

    Examples:
      | content                  |
      | plain words              |
      | templated values         |
      | Unicode                  |
      | quotes and line breaks   |
      | four kilobytes of text   |

  @AC1.2
  Scenario: What the alerts of a group share does not replace what is an alert's own
    Given a PrometheusRule whose alerts share a summary and differ in their description
    When pods "checkout" and "payment" fire together
    Then each event carries its own alert's labels and annotations

  @AC1.3
  Scenario: An alert that resolves closes its ticket
    Given an alert that fires and has a ticket
    When its signal falls below the threshold
    Then exactly one resolved event reaches agent-sre
    And the ticket is closed

  @AC1.3
  Scenario: An alert that fires again after it resolved is handled again
    Given an alert that fired, had a ticket and resolved
    When the alert fires
    Then a second fired event reaches agent-sre
    And the alert has an open ticket again

  @AC1.3
  Scenario: An alert that fires again and resolves again has no open ticket left
    Given an alert that fired again after it resolved, and has an open ticket again
    When its signal falls below the threshold
    Then the alert has no open ticket left

  @AC1.3
  Scenario: An alert is handled however often it fires
    Given an alert that has fired and resolved twice
    When the alert fires again
    Then the alert has an open ticket again

  @AC1.4
  Scenario: Twenty alerts at the same moment are twenty incidents
    Given a PrometheusRule that watches 20 pods
    When all of them fire in the same evaluation
    Then each alert has exactly one open ticket
    And each ticket holds its own alert's labels and no other's

  @AC1.4
  Scenario Outline: Alerts of one name about one pod are told apart by their <label>
    Given two alerts of one name about one pod, each of a <label> of its own
    When both of them fire
    Then each alert has exactly one open ticket
    And each ticket holds its own alert's labels and no other's

    Examples:
      | label     |
      | container |
      | severity  |

  @AC1.5
  Scenario: A repeated notification is the same incident
    Given an alert that fires, has a ticket and is soon notified again
    When Alertmanager repeats the notification
    Then the alert still has exactly one open ticket, though another alert after it has its own

  @AC1.5
  Scenario: An alert whose texts change with its value is the same incident
    Given an alert that fires, has a ticket and is soon notified again
    When its signal rises further, and Alertmanager repeats the notification with the new value
    Then the alert still has exactly one open ticket, though another alert after it has its own

  @AC1.5
  Scenario: A second Alertmanager that sends the same alert adds no incident
    Given an alert that fires and has a ticket
    When a second Alertmanager notifies of the same alert
    Then the alert still has exactly one open ticket, though another alert after it has its own

  @AC1.5
  Scenario: Two notifications of an alert at the same moment are the same incident
    When an alert is notified twice at the same moment
    Then the alert still has exactly one open ticket, though another alert after it has its own

  @AC1.5
  Scenario: An event that is delivered twice is the same incident
    Given an alert that fires and has a ticket
    When the broker delivers the same event once more
    Then the alert still has exactly one open ticket, though another alert after it has its own

  @AC1.5
  Scenario: A fired event that comes once more after the alert has resolved opens nothing
    Given an alert that fired, had a ticket and resolved
    When the broker delivers the same event once more
    Then the alert still has no open ticket, though another alert after it has its own

  @AC1.5
  Scenario: A resolved event that comes once more after the alert has fired again closes nothing
    Given an alert that fired again after it resolved, and has an open ticket again
    When the broker delivers the resolved event once more
    Then the alert still has exactly one open ticket, though another alert after it has its own

  @AC1.6
  Scenario: Every alert of a group is one event with its own group's labels
    Given a PrometheusRule whose alerts fall into two groups of 3
    When all of them fire in the same evaluation
    Then Alertmanager sends the alerts in two groups
    And exactly one fired event reaches agent-sre for each alert
    And each event carries the labels common to its own group

  @AC1.6
  Scenario: A group that holds a firing and a resolved alert yields one event of each
    Given pods "checkout" and "payment" whose alerts fire in one group
    When the signal of pod "checkout" falls below the threshold
    Then exactly one resolved event reaches agent-sre for pod "checkout"
    And no resolved event reaches agent-sre for pod "payment"
    And only the ticket of pod "checkout" is closed
