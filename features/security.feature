@SEC
Feature: Security Validation
  What leaves the cluster is protected, what opens doors is kept and exchanged with care, and nothing that comes in does harm.

  @SEC1
  Scenario Outline: No host is spoken to that <cannot be trusted>
    Given remediations need one approval
    When alerts fire while each host outside the cluster in turn <cannot be trusted>
    Then agent-sre tries to call each of them, and none of them is told anything
    And once all of them can be trusted again, an alert is served by each

    Examples:
      | cannot be trusted                               |
      | shows a certificate of an unknown authority     |
      | shows the certificate of another host           |
      | shows a certificate that has expired            |
      | speaks only an outdated version of TLS          |

  @SEC2
  Scenario: The deployment's manifests hold no credential
    Given the manifests of the deployment
    Then its workloads take their credentials from Secrets
    And no manifest holds a credential itself

  @SEC2
  Scenario: What runs in the cluster has its credentials from Secrets alone
    Given the deployment as the cluster has it
    Then its workloads take their credentials from Secrets
    And no workload and no setting holds a credential itself

  @SEC3
  Scenario Outline: The key for <service> is exchanged while alerts keep coming in
    Given alerts that keep coming in
    When the key for <service> is exchanged, and the one before is revoked when the time for that is over
    Then agent-sre uses the new key in time, and the one before no more
    And every alert of that time has exactly one open ticket in <service>
    And no Secret with its keys is older than the policy allows

    Examples:
      | service |
      | Linear  |
      | Jira    |

  @SEC4
  Scenario: Tokens that expire are renewed while alerts keep coming in
    Given agent-sre speaks to Linear by OAuth
    And alerts that keep coming in
    When its tokens have expired more than once, and Linear could not renew one of them at the first try
    Then each of its tokens was fetched once for all calls, when the one before was about to expire
    And no call carried a token that had expired when there was another
    And every alert of that time has exactly one open ticket in Linear

  @SEC6 @load
  Scenario: A flood at the door is turned away in part, and every alert beside it handled
    Given alerts that keep coming in
    When ten other alerts are notified in a flood
    Then a part of the flood is turned away and told when to come again
    And agent-sre stays healthy all the time
    And every alert of that time has exactly one open ticket in Linear

  @SEC7
  Scenario Outline: Bad input at <door> does no harm
    When a stranger sends bad input to <door>, again and again
    Then all of it is refused, and the program lives on each time
    And nothing comes of it
    And an event in <mode> mode right after it is handled

    Examples:
      | door                                   | mode       |
      | agent-sre's door for structured events | structured |
      | agent-sre's door for binary events     | binary     |
      | agent-sre's doors for looking only     | binary     |

  @SEC7
  Scenario: Bad input at prometheus-events' door for notifications does no harm
    When a stranger sends bad input to prometheus-events' door for notifications, again and again
    Then all of it is refused, and the program lives on each time
    And nothing comes of it
    And a notification right after it is handled

  @SEC7
  Scenario: What an alert says is never carried out
    Given alerts whose labels and annotations hold
      | content                         |
      | SQL                             |
      | a shell command                 |
      | templates                       |
      | a look-up                       |
      | an address                      |
      | a script                        |
      | Markdown                        |
      | the end of a JSON text          |
      | a GraphQL mutation              |
      | XML entities                    |
      | a path                          |
      | format directives               |
      | a line that looks like a header |
      | terminal commands               |
      | text that runs backwards        |
      | a function in a label           |
      | an address for a function       |
      | a login before a function       |
      | a path for a function           |
      | a query for an SLO              |
      | an address for an SLO           |
      | quotes for an SLO               |
      | a query for a pod               |
      | a query for a namespace         |
      | quotes for a service            |
    When Alertmanager notifies prometheus-events of them
    Then each of them is refused or has its ticket
    And nothing that they say is called, looked up or calculated
    And a notification right after them is handled

  @SEC7
  Scenario: Bad input at agent-sre's door for approvals does no harm
    Given remediations need one approval
    And an alert whose remediation waits for approval
    When a stranger sends bad answers to the door for approvals, again and again
    Then all of it is refused, and the program lives on each time
    And no function is called because of it
    And an approval right after it has the function called

  @SEC1 @last
  Scenario: Every call of this run that leaves the cluster is protected and goes to a known host
    Given remediations need one approval
    And an alert for whose handling every integration was needed
    When all calls of this run are judged
    Then there are calls to every integration
    And every call that leaves the cluster is encrypted by a current version of TLS, to a host that can be trusted
    And no call goes to a host that nobody declared

  @SEC5 @last
  Scenario: No credential of this run stands anywhere but where it belongs
    Given remediations need one approval
    And an alert for whose handling every integration was needed
    And alerts that every integration failed
    And requests that were refused at every door
    When everything that was written, said and answered in this run is searched for credentials
    Then the credentials are found where they belong
    And no credential is found in
      | place                               |
      | logs                                |
      | tickets and comments                |
      | messages and requests for approval  |
      | calls of functions                  |
      | events                              |
      | queries                             |
      | spans                               |
      | metrics                             |
      | answers                             |
