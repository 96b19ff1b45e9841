@AC2
Feature: AC2 prometheus-events Integration
  prometheus-events turns every alert that Alertmanager reports into one event, in the right form, once, and in order.

  @AC2.1
  Scenario: An alert becomes a valid CloudEvent
    When Alertmanager notifies prometheus-events of a firing alert
    Then one valid CloudEvent reaches the broker for the alert, with
      | attribute       | value                             |
      | specversion     | 1.0                               |
      | id              | is not empty                      |
      | source          | is a URI reference                |
      | type            | is the type of a fired alert      |
      | time            | is the RFC 3339 time of the alert |
      | datacontenttype | is JSON                           |
      | data            | is JSON                           |

  @AC2.1
  Scenario: Every occurrence has an id of its own
    Given Alertmanager has notified prometheus-events of two firing alerts
    When Alertmanager notifies prometheus-events that both are resolved
    Then four events reach the broker and no two have the same id

  @AC2.1
  Scenario Outline: agent-sre understands an event in <mode> mode
    When a fired event is delivered to agent-sre in <mode> mode, with a charset in its content type
    Then the alert has exactly one open ticket
    And the ticket carries every label's value and the description

    Examples:
      | mode       |
      | structured |
      | binary     |

  @AC2.2
  Scenario Outline: An alert that is <status> becomes <an event of type>
    When Alertmanager notifies prometheus-events of an alert that is <status>
    Then the event's type is "<an event of type>" and its subject is the alert's name

    Examples:
      | status   | an event of type                     |
      | firing   | io.homelab.prometheus.alert.fired    |
      | resolved | io.homelab.prometheus.alert.resolved |

  @AC2.2
  Scenario: The type follows the alert and not its group
    When Alertmanager notifies prometheus-events of a firing group that holds a resolved alert
    Then the firing alert becomes a fired event and the resolved alert a resolved event

  @AC2.3
  Scenario: The event's data has every field of the alert in the right type
    When Alertmanager notifies prometheus-events of a group of two firing alerts
    Then each event's data has
      | field             | holds                        |
      | alertname         | the alert's name             |
      | status            | firing                       |
      | severity          | the alert's severity         |
      | labels            | the alert's labels           |
      | annotations       | the alert's annotations      |
      | commonLabels      | the group's labels           |
      | commonAnnotations | the group's annotations      |
      | startsAt          | the time the alert began     |
      | endsAt            | a time, or nothing           |
      | generatorURL      | the alert's source           |
      | receiver          | the receiver                 |
      | version           | the notification's version   |
      | prometheusRule    | the rule named by the label  |

  @AC2.3
  Scenario: The event of a resolved alert tells when it ended
    When Alertmanager notifies prometheus-events of an alert that is resolved
    Then the event's data has the status and the end of the alert

  @AC2.3
  Scenario Outline: An alert without <something> is converted all the same
    Given an alert without <something>
    When Alertmanager notifies prometheus-events of it
    Then the event at the broker carries every label and annotation unchanged
    And the event's severity is that of the alert

    Examples:
      | something   |
      | a severity  |
      | a source    |
      | annotations |

  @AC2.3
  Scenario Outline: A notification with <defect> is refused and emits nothing
    When prometheus-events receives a notification with <defect>
    Then the notification is refused as malformed
    And no event reaches the broker for it, though a sound notification after it is converted

    Examples:
      | defect                             |
      | a body that is not JSON            |
      | no body                            |
      | a list in place of an object       |
      | no alerts field                    |
      | alerts that are not a list         |
      | an alert that is not an object     |
      | an alert without labels            |
      | labels that are not an object      |
      | a label that is not text           |
      | annotations that are not an object |
      | an unknown alert status            |
      | a second alert that is malformed   |

  @AC2.4
  Scenario: The correlation id that comes with the alert goes the whole way
    Given an alert whose remediation calls a LambdaFunction
    When Alertmanager notifies prometheus-events of it with a correlation id
    Then the event carries that correlation id
    And the call to the LambdaFunction carries that correlation id
    And the ticket shows that correlation id
    And agent-sre's log lines about the alert show that correlation id

  @AC2.4
  Scenario: Every alert of a group gets the correlation id that comes with their notification
    When Alertmanager notifies prometheus-events of a group of two firing alerts with a correlation id
    Then each event carries that correlation id

  @AC2.4
  Scenario: Two alerts at the same moment keep their correlation ids apart
    Given two alerts whose remediations call a LambdaFunction
    When Alertmanager notifies prometheus-events of both at once, each with a correlation id of its own
    Then each event carries its own alert's correlation id
    And each call to the LambdaFunction carries its own alert's correlation id
    And each ticket shows its own alert's correlation id
    And agent-sre's log lines about each alert show its own correlation id

  @AC2.4
  Scenario: The trace that comes with the alert is continued
    When Alertmanager notifies prometheus-events of a firing alert within a trace
    Then the event belongs to that trace

  @AC2.4
  Scenario: An alert that comes without a correlation id gets one for the whole way
    Given an alert whose remediation calls a LambdaFunction
    When Alertmanager notifies prometheus-events of it without a correlation id
    Then the event carries a correlation id of its own
    And the call to the LambdaFunction carries that correlation id
    And the ticket shows that correlation id
    And agent-sre's log lines about the alert show that correlation id

  @AC2.4
  Scenario: Two alerts that come without a correlation id get one each
    When Alertmanager notifies prometheus-events of 2 firing alerts
    Then each event carries a correlation id of its own

  @AC2.5
  Scenario Outline: Delivery is tried again with growing pauses while the broker <fails>
    Given the broker <fails>
    When Alertmanager notifies prometheus-events of 3 firing alerts
    And the broker recovers after 4 attempts for one of them
    Then every alert's event reaches the broker
    And every attempt after a notification carried the same event id
    And the pauses between the attempts grow

    Examples:
      | fails                          |
      | drops connections              |
      | answers that it is unavailable |
      | answers that it is overloaded  |

  @AC2.5
  Scenario Outline: Delivery is tried again after the broker <failed>
    Given the broker <failed>
    When Alertmanager notifies prometheus-events of 3 firing alerts
    And the broker recovers after a while
    Then every alert's event reaches the broker
    And every attempt after a notification carried the same event id

    Examples:
      | failed                                |
      | refuses connections                   |
      | answers that it cannot publish events |
      | is away behind its gateway            |

  @AC2.5
  Scenario: Delivery is tried again when an attempt has no answer
    Given the broker hangs
    When Alertmanager notifies prometheus-events of 3 firing alerts
    And the broker recovers after prometheus-events has given one of the attempts up
    Then every alert's event reaches the broker
    And every attempt after a notification carried the same event id

  @AC2.5
  Scenario: A broker that asks for time is not called again before
    Given the broker is overloaded, and asks for 2 s
    When Alertmanager notifies prometheus-events of a firing alert
    Then every alert's event reaches the broker
    And prometheus-events has not called the broker again before the time it had asked for

  @AC2.5
  Scenario: An event is not lost when the broker is down for longer than its delivery is tried
    Given the broker answers that it is unavailable
    When Alertmanager notifies prometheus-events of a firing alert
    And the broker recovers after more attempts than one notification is worth
    Then every alert's event reaches the broker
    And every attempt after a notification carried the same event id

  @AC2.5
  Scenario: An event is not lost when the broker takes the other event of its notification
    Given the broker answers that it is unavailable for the second of two alerts
    When Alertmanager notifies prometheus-events of both in one group
    And the broker recovers for it after more attempts than one notification is worth
    Then every alert's event reaches the broker

  @AC2.5
  Scenario: An event that the broker rejects is not sent again
    Given the broker rejects events as invalid
    When Alertmanager notifies prometheus-events of a firing alert
    Then the event is sent once for each notification, though other alerts still arrive once the broker accepts

  @AC2.6
  Scenario: A resolved alert never overtakes its firing
    Given the broker fails the first deliveries of an alert's firing
    When Alertmanager notifies prometheus-events that the alert fires and then that it is resolved
    And the broker recovers after the resolved event has had the time to overtake
    Then the broker takes the fired event before the resolved event

  @AC2.6
  Scenario: Twenty alerts that fire and resolve interleaved keep their order
    When Alertmanager notifies prometheus-events of 20 alerts firing and resolving in turns
    Then for each alert the broker takes the fired event before the resolved event
