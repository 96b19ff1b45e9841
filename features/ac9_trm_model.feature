@AC9
Feature: AC9 TRM Model Integration
  A model proposes a remedy for an alert that names none: asked only then, followed only where it is safe, and done without when it cannot help.

  @AC9.1
  Scenario: A loaded model is reported, and looked at before it is asked
    Given an alert about a pod that crashes again and again
    When the alert fires
    Then agent-sre has looked at the model before it asked it
    And agent-sre reports the model as loaded

  @AC9.1
  Scenario Outline: A model whose file <is damaged> is reported, and agent-sre stays up
    Given the file of the model <is damaged>
    When an alert fires
    Then agent-sre reports the model as not loaded
    And agent-sre is alive and has logged the error with the correlation id
    And exactly one issue is opened in the configured Linear team

    Examples:
      | is damaged          |
      | is missing          |
      | is cut short        |
      | has been altered    |
      | has the wrong shape |

  @AC9.1
  Scenario: A model that is loaded later is used without a restart
    Given agent-sre has reported the model as not loaded
    And the model is loaded again, as agent-sre notices before long
    When an alert fires about a pod that crashes again and again
    Then agent-sre reports the model as loaded
    And the function that the model chooses is called once, with the model's parameters

  @AC9.2
  Scenario Outline: The model chooses the remedy of an alert about <trouble>
    Given an alert about <trouble>
    When the alert fires
    Then the function that the model chooses is called once, with the model's parameters

    Examples:
      | trouble                                  |
      | a pod that crashes again and again       |
      | a pod that does not become ready         |
      | a deployment with too few replicas       |
      | a volume that is almost full             |
      | a Flux kustomization that is not applied |
      | a Git repository that cannot be fetched  |
      | a Helm release whose upgrade failed      |

  @AC9.2
  Scenario Outline: The model's answer is understood as <text>
    Given an alert about <trouble>
    And the model's answer is <text>
    When the alert fires
    Then the function that the model chooses is called once, with the model's parameters

    Examples:
      | text                        | trouble                            |
      | nothing but JSON            | a deployment with too few replicas |
      | JSON within prose           | a deployment with too few replicas |
      | JSON in a code block        | a deployment with too few replicas |
      | JSON after other braces     | a deployment with too few replicas |
      | JSON after a long reasoning | a deployment with too few replicas |
      | JSON with braces in a text  | a deployment with too few replicas |
      | nested parameters           | a pod that crashes again and again |

  @AC9.2
  Scenario: An answer of which the model is just sure enough is followed
    Given an alert about a deployment with too few replicas
    And the model is just sure enough of its answer
    When the alert fires
    Then the function that the model chooses is called once, with the model's parameters

  @AC9.2
  Scenario: Alerts of one name are put to the model each for itself
    Given two alerts of one name about pods that crash again and again
    When one of them fires after the other
    Then the function that the model chooses is called for each of them

  @AC9.2
  Scenario: An alert that names its function is not put to the model
    Given an alert whose remediation succeeds
    When the alert fires
    Then the function that the alert names is called once
    And the model is not asked about it, though it is about an alert that names none

  @AC9.2
  Scenario: An alert for which the model knows no remedy has nothing called
    When an alert fires
    Then the model answers that it knows no remedy
    And no function is called, though the model's choice is for another alert

  @AC9.3
  Scenario Outline: The next method chooses when the model <cannot help>
    Given the model <cannot help>
    When an alert fires for which the next method knows a remedy
    Then the function of the next method is called once
    And the issue tells that the model did not decide, and what was done instead
    And agent-sre counts the fallback

    Examples:
      | cannot help                        |
      | is down                            |
      | takes far too long                 |
      | drops the connection               |
      | answers with an internal error     |
      | answers something that is not JSON |
      | is not sure of its answer          |
      | does not say how sure it is        |

  @AC9.3
  Scenario: An alert that the model decides is no fallback
    Given an alert about a pod that crashes again and again
    And agent-sre has counted its fallbacks so far
    When the alert fires
    Then the function that the model chooses is called once, with the model's parameters
    And agent-sre counts no fallback for it, though one for an alert that the model does not decide

  @AC9.4 @load
  Scenario: Twenty alerts at once are decided within the target
    Given 20 alerts for which the model knows a remedy
    And the model takes a moment for each of them
    When all of them fire at once
    Then the function that the model chooses is called for each of them
    And the model's answers and the decisions are within their targets

  @AC9.5
  Scenario Outline: An answer with <mistake> is refused and logged
    Given the model answers an alert with <mistake>
    When the alert fires
    Then agent-sre does not do what the model says, though it follows a sound answer
    And agent-sre is alive and has logged the error with the correlation id

    Examples:
      | mistake                                   |
      | no JSON at all                            |
      | JSON that is cut short                    |
      | an object without a function              |
      | a function that does not exist            |
      | a name that only begins like a function's |
      | an address in place of a function         |
      | a shell command in the name               |
      | a substitution in the name                |
      | a wildcard for the name                   |
      | a pod that is not the alert's             |
      | a namespace that is not the alert's       |
      | a scaling to nothing                      |
      | a scaling without measure                 |
      | a scaling without measure in words        |
      | a shell command beside the name           |
      | a shell command among nested parameters   |
