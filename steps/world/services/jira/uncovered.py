"""What Jira Cloud serves and the double does not (the vendor's public references of REST v3, v2 and Agile 1.0).

It is a choice: what callers ask about issues and what surrounds them. Administration has few entries.
"""

from __future__ import annotations

from steps.world.services.covered import uncovered_paths

PLATFORM = uncovered_paths("""
/announcementBanner GET PUT
/application-properties GET
/applicationrole GET
/attachment/content/{attachment} GET
/attachment/meta GET
/attachment/thumbnail/{attachment} GET
/attachment/{attachment} GET DELETE
/attachment/{attachment}/expand/human GET
/attachment/{attachment}/expand/raw GET
/auditing/record GET
/bulk/issues/delete POST
/bulk/issues/fields GET POST
/bulk/issues/move POST
/bulk/issues/transition GET POST
/bulk/issues/unwatch POST
/bulk/issues/watch POST
/bulk/queue/{task} GET
/changelog/bulkfetch POST
/comment/list POST
/comment/{comment}/properties GET
/comment/{comment}/properties/{property} GET PUT DELETE
/component GET POST
/component/{component} GET PUT DELETE
/component/{component}/relatedIssueCounts GET
/configuration GET
/configuration/timetracking GET PUT
/configuration/timetracking/list GET
/configuration/timetracking/options GET PUT
/customFieldOption/{option} GET
/dashboard GET POST
/dashboard/gadgets GET
/dashboard/search GET
/dashboard/{dashboard} GET PUT DELETE
/dashboard/{dashboard}/copy POST
/dashboard/{dashboard}/gadget GET POST
/dashboard/{dashboard}/gadget/{gadget} PUT DELETE
/events GET
/expression/analyse POST
/expression/eval POST
/expression/evaluate POST
/field POST
/field/search GET
/field/search/trashed GET
/field/{field} PUT DELETE
/field/{field}/context GET POST
/field/{field}/context/{context}/option GET POST PUT
/field/{field}/contexts GET
/field/{field}/option GET POST
/field/{field}/screens GET
/fieldconfiguration GET POST
/filter POST
/filter/favourite GET
/filter/my GET
/filter/search GET
/filter/{filter} GET PUT DELETE
/filter/{filter}/columns GET PUT DELETE
/filter/{filter}/favourite PUT DELETE
/filter/{filter}/owner PUT
/filter/{filter}/permission GET POST
/group GET POST DELETE
/group/bulk GET
/group/member GET
/group/user POST DELETE
/groups/picker GET
/groupuserpicker GET
/issue/archive PUT POST
/issue/bulk POST
/issue/bulkfetch POST
/issue/createmeta GET
/issue/limit/report GET
/issue/picker GET
/issue/properties POST
/issue/properties/multi POST
/issue/properties/{property} PUT DELETE
/issue/unarchive PUT
/issue/watching POST
/issue/{issue}/attachments POST
/issue/{issue}/changelog GET
/issue/{issue}/changelog/list POST
/issue/{issue}/comment/{comment} DELETE
/issue/{issue}/notify POST
/issue/{issue}/properties GET
/issue/{issue}/properties/{property} GET PUT DELETE
/issue/{issue}/remotelink/{link} GET PUT DELETE
/issue/{issue}/votes GET POST DELETE
/issue/{issue}/watchers GET POST DELETE
/issue/{issue}/worklog GET POST DELETE
/issue/{issue}/worklog/move POST
/issue/{issue}/worklog/{worklog} GET PUT DELETE
/issue/{issue}/worklog/{worklog}/properties GET
/issueLink/{link} GET DELETE
/issueLinkType POST
/issueLinkType/{type} GET PUT DELETE
/issues/archive/export PUT
/issuesecurityschemes GET POST
/issuetype POST
/issuetype/{type} GET PUT DELETE
/issuetype/{type}/alternatives GET
/issuetype/{type}/properties GET
/issuetype/{type}/properties/{property} GET PUT DELETE
/issuetypescheme GET POST
/issuetypescheme/mapping GET PUT
/issuetypescheme/project GET PUT
/jql/autocompletedata GET POST
/jql/autocompletedata/suggestions GET
/jql/function/computation GET POST
/jql/match POST
/jql/parse POST
/jql/pdcleaner POST
/jql/sanitize POST
/mypreferences GET PUT DELETE
/mypreferences/locale GET PUT
/notificationscheme GET POST
/permissions GET
/permissions/check POST
/permissions/project POST
/permissionscheme GET POST
/permissionscheme/{scheme} GET PUT DELETE
/priority POST
/priority/default PUT
/priority/move PUT
/priority/{priority} GET PUT DELETE
/priorityscheme GET POST
/project POST
/project/recent GET
/project/type GET
/project/type/accessible GET
/project/type/{type} GET
/project/{project} PUT DELETE
/project/{project}/archive POST
/project/{project}/avatars GET
/project/{project}/component GET
/project/{project}/components GET
/project/{project}/delete POST
/project/{project}/email GET PUT
/project/{project}/features GET
/project/{project}/hierarchy GET
/project/{project}/permissionscheme GET PUT
/project/{project}/properties GET
/project/{project}/properties/{property} GET PUT DELETE
/project/{project}/restore POST
/project/{project}/role GET
/project/{project}/role/{role} GET POST PUT DELETE
/project/{project}/roledetails GET
/project/{project}/securitylevel GET
/project/{project}/version GET
/project/{project}/versions GET
/projectCategory GET POST
/projectCategory/{category} GET PUT DELETE
/projectvalidate/key GET
/projectvalidate/validProjectKey GET
/projectvalidate/validProjectName GET
/resolution POST
/resolution/search GET
/resolution/{resolution} GET PUT DELETE
/role GET POST
/role/{role} GET POST PUT DELETE
/screens GET POST
/screens/{screen}/tabs GET POST
/securitylevel/{level} GET
/settings/columns GET PUT
/status/{status} GET
/statuscategory GET
/statuscategory/{category} GET
/statuses GET POST PUT DELETE
/statuses/byNames GET
/statuses/search GET
/task/{task} GET
/task/{task}/cancel POST
/user GET POST DELETE
/user/assignable/multiProjectSearch GET
/user/bulk GET
/user/bulk/migration GET
/user/columns GET PUT DELETE
/user/email GET
/user/email/bulk GET
/user/groups GET
/user/permission/search GET
/user/picker GET
/user/properties GET
/user/properties/{property} GET PUT DELETE
/user/search/query GET
/user/search/query/key GET
/user/viewissue/search GET
/users GET
/users/search GET
/version POST
/version/{version} GET PUT DELETE
/version/{version}/relatedIssueCounts GET
/version/{version}/unresolvedIssueCount GET
/webhook GET POST DELETE
/webhook/failed GET
/webhook/refresh PUT
/workflow GET POST
/workflow/search GET
/workflows POST
/workflows/search GET
/workflowscheme GET POST
/worklog/deleted GET
/worklog/list POST
/worklog/updated GET
""")
"""Beside the doors, under /rest/api/3 and as well under /rest/api/2."""

AGILE = uncovered_paths("""
/backlog/issue POST
/backlog/{board}/issue POST
/board GET POST
/board/filter/{filter} GET
/board/{board} GET DELETE
/board/{board}/backlog GET
/board/{board}/configuration GET
/board/{board}/epic GET
/board/{board}/epic/none/issue GET
/board/{board}/epic/{epic}/issue GET
/board/{board}/issue GET POST
/board/{board}/project GET
/board/{board}/project/full GET
/board/{board}/properties GET
/board/{board}/quickfilter GET
/board/{board}/sprint GET
/board/{board}/sprint/{sprint}/issue GET
/board/{board}/version GET
/epic/none/issue GET POST
/epic/{epic} GET POST
/epic/{epic}/issue GET POST
/epic/{epic}/rank PUT
/issue/rank PUT
/issue/{issue} GET
/issue/{issue}/estimation GET PUT
/sprint POST
/sprint/{sprint} GET POST PUT DELETE
/sprint/{sprint}/issue GET POST
/sprint/{sprint}/swap POST
""")
"""Under /rest/agile/1.0."""
