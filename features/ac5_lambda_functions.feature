@AC5
Feature: AC5 LambdaFunction Integration
  The LambdaFunction that an alert names remediates it: called once, as it wants to be called, and harmless when it fails.

  @AC5.1
  Scenario: A function that is ready is called
    Given a LambdaFunction that is ready
    When an alert fires that it remediates
    Then the function is called for the alert

  @AC5.1
  Scenario Outline: A function that <cannot be called> is not called
    Given a LambdaFunction that <cannot be called>
    When an alert fires that it remediates
    Then a ticket tells that its remediation failed
    And it is not called, though a function that is ready is

    Examples:
      | cannot be called                   |
      | does not exist                     |
      | is still being deployed            |
      | could not be built                 |
      | is ready in another namespace only |

  @AC5.1
  Scenario: A function that is deployed later is found without a restart
    Given a LambdaFunction that does not exist
    And a firing alert whose remediation by it has failed
    When the function is deployed
    Then before long the function is called for an alert that fires

  @AC5.1
  Scenario: A function that is removed is called no more
    Given a LambdaFunction that is ready
    And a firing alert that it has remediated
    When the function is removed
    And some time later another alert fires that it remediates
    Then a ticket tells that its remediation failed
    And it is not called, though a function that is ready is

  @AC5.2
  Scenario: A function is called with one valid CloudEvent
    Given a LambdaFunction that is ready
    When an alert fires that it remediates
    Then the function is called once for the alert, with a CloudEvent of
      | attribute   | value                              |
      | specversion | 1.0                                |
      | id          | is not empty                       |
      | source      | agent-sre                          |
      | type        | is the type of a remediation event |
      | data        | is JSON                            |

  @AC5.2
  Scenario: An alert whose name has blanks and letters of any script is remediated
    Given a LambdaFunction that is ready
    When an alert fires that it remediates, called "Überlast im Geschäft 東京"
    Then the alert has exactly one open ticket
    And the function is called once for the alert, with a CloudEvent of
      | attribute | value                              |
      | type      | is the type of a remediation event |

  @AC5.2
  Scenario: A function is called once for an incident, however often the alert is notified
    Given a LambdaFunction that is ready
    And a firing alert that it has remediated
    When the broker delivers the same event once more
    And the alert is notified again
    Then the issue is updated
    And the function is called once for the alert, though it is called for another alert

  @AC5.2
  Scenario: A function is called once, also when the alert is notified again during the call
    Given a LambdaFunction that takes a quarter of the time-out
    When an alert fires that it remediates
    And during the call the alert is notified again
    Then the function is called once for the alert

  @AC5.2
  Scenario: An alert that fires again after it resolved has a call of its own again
    Given a LambdaFunction that is ready
    And an alert that it has remediated and that has resolved
    When the alert fires again
    Then the function is called once more for the alert, with an event of its own

  @AC5.2
  Scenario: Every incident of a rule has a call of its own
    Given a LambdaFunction that is ready
    When 2 alerts fire together that it remediates
    Then the function is called once for each alert, with an event of its own

  @AC5.3
  Scenario: Parameters reach the function unchanged and in their types
    Given a LambdaFunction that is ready
    When an alert fires that gives it
      | parameter        |
      | a text           |
      | a text of digits |
      | a whole number   |
      | a fraction       |
      | zero             |
      | a yes            |
      | a no             |
      | nothing          |
      | an empty text    |
      | a list           |
      | an empty list    |
      | a nested object  |
      | an empty object  |
      | aNameInMixedCase |
    Then the function is called with these parameters

  @AC5.3
  Scenario Outline: What the annotation of <function> leaves open is filled up from the alert's labels
    When an alert fires that gives "<function>" only "<annotation>"
    Then the function is called with these parameters, and with the alert's <label> as name and its namespace

    Examples:
      | function         | annotation   | label      |
      | pod-restart      | type: pod    | pod        |
      | pod-check-status | verbose: yes | pod        |
      | scale-deployment | replicas: 3  | deployment |

  @AC5.3
  Scenario: An alert that gives a function nothing leaves all of it to the alert's labels
    When an alert fires that names "pod-check-status" and gives it no parameters
    Then the function is called with the alert's pod as name and its namespace

  @AC5.3
  Scenario: What the annotation says is not replaced by the alert's labels
    When an alert fires that gives "pod-restart" only "name: its neighbour, namespace: till, type: pod"
    Then the function is called with these parameters

  @AC5.3
  Scenario Outline: A function is not called when its parameters are <no parameters>
    Given a LambdaFunction that is ready
    When an alert fires whose annotation gives it <no parameters>
    Then a ticket tells that its remediation failed because its parameters are wrong
    And it is not called, though a function that is ready is

    Examples:
      | no parameters                |
      | words                        |
      | JSON that is cut short       |
      | JSON in single quotes        |
      | a list in place of an object |

  @AC5.4
  Scenario Outline: A function that <is too slow> is given up, and holds up nobody meanwhile
    Given a LambdaFunction that <is too slow>
    When an alert fires that it remediates
    And during the call another alert fires
    Then the other alert is remediated before the call ends
    And the call is given up at the configured time-out
    And a ticket tells that its remediation failed because it was too slow

    Examples:
      | is too slow                         |
      | does not answer                     |
      | begins its answer and never ends it |

  @AC5.4
  Scenario: A function that takes its time is waited for
    Given a LambdaFunction that takes half of the time-out
    When an alert fires that it remediates
    Then the call is answered
    And the remediation succeeds

  @AC5.5
  Scenario Outline: The failure of a function that <fails> is reported
    Given a LambdaFunction that <fails>
    When an alert fires that it remediates
    Then a ticket tells that its remediation failed because <reason>
    And agent-sre is alive and has logged the error with the correlation id
    And agent-sre goes on to remediate other alerts

    Examples:
      | fails                                  | reason                   |
      | refuses the request as invalid         | the request was invalid  |
      | forbids the call                       | the call was forbidden   |
      | raises an error in its code            | its code raised an error |
      | answers with an internal error         | it had an internal error |
      | refuses connections                    | there was no connection  |
      | has no address                         | there was no connection  |
      | breaks off in the middle of its answer | there was no connection  |

  @AC5.5
  Scenario: A failure is reported by one ticket
    Given a LambdaFunction that forbids the call
    When an alert fires that it remediates
    Then a ticket tells that its remediation failed
    And no other ticket tells of it beside the alert's own

  @AC5.5
  Scenario: The failure for each alert of a rule is reported
    Given a LambdaFunction that forbids the call
    When 2 alerts fire together that it remediates
    Then a ticket about each alert tells that its remediation failed

  @AC5.6
  Scenario Outline: A success told as <form> is understood
    Given a LambdaFunction that tells its success in letters of any script, as <form>
    When an alert fires that it remediates
    Then the remediation succeeds
    And no ticket tells that it failed, though one does for a function that does not exist

    Examples:
      | form                         |
      | an event in binary mode      |
      | an event in structured mode  |
      | an event without an envelope |
      | plain JSON                   |

  @AC5.6
  Scenario Outline: An answer that is <garbage> is a failure
    Given a LambdaFunction that answers <garbage>
    When an alert fires that it remediates
    Then a ticket tells that its remediation failed because its answer is not understood
    And agent-sre goes on to remediate other alerts

    Examples:
      | garbage                                 |
      | a web page                              |
      | JSON that is cut short                  |
      | a list in place of an object            |
      | an object that does not say how it went |
      | an event without its attributes         |
      | nothing at all                          |

  @AC5.6
  Scenario Outline: An error told as <form> is a failure, although the call itself went well
    Given a LambdaFunction that tells an error as <form>
    When an alert fires that it remediates
    Then a ticket tells that its remediation failed because it reported an error

    Examples:
      | form                         |
      | an event in binary mode      |
      | an event in structured mode  |
      | an event without an envelope |
      | plain JSON                   |

  @AC5.7
  Scenario Outline: A call is repeated with growing pauses until it succeeds when a function <fails> in passing
    Given a LambdaFunction that <fails> for its first 2 calls
    When an alert fires that it remediates
    Then the remediation succeeds
    And the function was called 3 times with the same event
    And the pauses between the calls grew

    Examples:
      | fails                                    |
      | is unavailable                           |
      | answers with a bad gateway page          |
      | answers that the request came too slowly |

  @AC5.7
  Scenario: A function that says when to come back is not called sooner
    Given a LambdaFunction that is overloaded at first and says when to come back
    When an alert fires that it remediates
    Then the remediation succeeds
    And the function was not called before the time that it had asked for

  @AC5.7
  Scenario Outline: A call that a function refuses is not repeated when it <refuses>
    Given a LambdaFunction that <refuses>
    When an alert fires that it remediates
    Then a ticket tells that its remediation failed
    And the function is called once for the alert

    Examples:
      | refuses                        |
      | refuses the request as invalid |
      | forbids the call               |
      | cannot process the request     |

  @AC5.7
  Scenario Outline: A call is not repeated for ever when a function <fails>
    Given a LambdaFunction that <fails>
    When an alert fires that it remediates
    Then a ticket tells that its remediation failed because <reason>
    And the function was called again, and given up after a few calls

    Examples:
      | fails                              | reason                  |
      | is unavailable                     | it was unavailable      |
      | looks healthy but drops every call | there was no connection |

  @AC5.8
  Scenario Outline: A function that <fails> is left alone for the cool-down
    Given a LambdaFunction that <fails>
    When it has failed for one alert after the other until its circuit breaker opens
    And another alert fires that it remediates
    Then a ticket tells that its remediation failed
    And the function is not called before the cool-down is over

    Examples:
      | fails                              |
      | raises an error in its code        |
      | looks healthy but drops every call |

  @AC5.8
  Scenario: An open circuit breaker is that of one function
    Given a LambdaFunction whose circuit breaker is open
    When another alert fires that it remediates
    And an alert fires that another function remediates
    Then the other function is called within the cool-down
    And the function is not called before the cool-down is over

  @AC5.8
  Scenario: Alerts that meet a circuit breaker open do not keep it open
    Given a LambdaFunction whose circuit breaker is open
    When alerts that it remediates keep firing
    Then the function is called again after its cool-down

  @AC5.8
  Scenario: After the cool-down one call probes the function, though a probe has failed, and its success closes the circuit breaker
    Given a LambdaFunction whose circuit breaker is open
    And a probe of it has failed
    And it has recovered and its cool-down is over
    When 3 alerts fire together that it remediates
    Then one call alone probes the function
    And after its success the function is called for every alert again

  @AC5.8
  Scenario: A probe that fails keeps the circuit breaker open
    Given a LambdaFunction whose circuit breaker is open
    And its cool-down is over
    When another alert fires that it remediates
    Then the function is called for that alert
    And it is left alone for the cool-down again

  @AC5.8
  Scenario: Only failures in a row open a circuit breaker
    Given a LambdaFunction that fails once less often than opens its circuit breaker, and then succeeds
    When it fails again for as many alerts
    Then it is called for the next alert as well
