@MON
Feature: Monitoring & Alerts
  The validation can itself be watched: Prometheus knows what it finds, and an alert tells when too much of it fails.

  @MON1
  Scenario: Prometheus learns what a validation finds
    Given a validation that found
      | criterion | passed | failed | broken |
      | AC3       | 18     | 1      | 1      |
      | AC5       | 4      | 0      | 0      |
      | AC8       | 0      | 2      | 0      |
    When Prometheus scrapes its metrics
    Then Prometheus knows how many scenarios of each criterion passed, failed and broke
    And it knows the verdict on each of the ticket's items
    And it knows how long the scenarios took
    And it knows the share of each integration's scenarios that passed, and when one passed last
    And the metrics keep to Prometheus' conventions

  @MON1
  Scenario: A validation can be watched while it runs
    When Prometheus scrapes this validation
    Then Prometheus knows how long this validation has been running
    And it knows every scenario that has ended so far

  @MON2
  Scenario: The alert on the failure rate is raised, and resolves
    Given the alert on the validation's failure rate over a short time
    When 6 of 100 scenarios of a validation fail
    Then the alert on the failure rate fires for that validation
    When all further scenarios pass
    Then the alert on the failure rate is resolved for that validation

  @MON2
  Scenario: A failure rate below five per cent raises no alert
    Given the alert on the validation's failure rate over a short time
    When 4 of 100 scenarios of a validation fail
    And 6 of 100 scenarios of another validation fail
    Then the alert on the failure rate fires for the other validation
    And no alert on the failure rate fires for the first one
