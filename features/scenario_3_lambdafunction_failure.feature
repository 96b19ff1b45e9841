@S3
Feature: Scenario 3 LambdaFunction Failure
  The whole way of an alert whose remediation cannot work, from the rule to the ticket that tells an engineer why.

  @S3.1 @S3.2 @S3.3 @S3.4 @S3.5
  Scenario Outline: The failure of a LambdaFunction <that is invalid> becomes a ticket
    Given an invalid LambdaFunction is created, one <that is invalid>
    And a PrometheusRule whose alert it remediates is loaded by Prometheus
    When the alert is triggered
    Then the failure is handled: agent-sre is alive and the alert's open issue tells of the function
    And a failure ticket is created that belongs to the alert and says that <reason>
    And the error is logged with the correlation id of the alert's event

    Examples:
      | that is invalid            | reason                    |
      | that cannot be built       | the function is not there |
      | whose code raises an error | its code raised an error  |
