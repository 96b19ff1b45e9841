"""Jira Cloud, true to its contract (CONTRACTS §2): a site behind the REST API v3.

`catalogue` and `records` say what a site is made of, `views` how it is told, `adf` what a document may be,
`fields` what can be written, `jql` and `query` what can be found, `access` and `limits` who may ask how much, `errors`
how Jira refuses and fails; `issues`, `links`, `search` and `directory` are the doors, `uncovered` names Jira's others.

Not covered: attachments, worklogs, sub-tasks, custom fields, issue properties, media and extensions in documents; other
APIs than v3. What needs them is refused, never passed over: with 501 where Jira has a door. The wording of errors is
unconfirmed, but where CONTRACTS states it.
"""

from steps.world.services.jira import errors
from steps.world.services.jira.service import Jira

__all__ = ["Jira", "errors"]
