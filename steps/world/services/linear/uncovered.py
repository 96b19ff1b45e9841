"""What Linear serves and the double does not, by the types of Linear's own schema (CONTRACTS §1).

It is a choice: what callers may ask about issues and what surrounds them. A name that is not here is one that Linear
does not know either, and is refused as Linear refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_TABLE = """
Query applicationInfo attachmentIssue attachmentSources auditEntries customView customViews customerNeeds customers
Query cycle cycles document documents emojis externalUsers favorites initiative initiatives integrations
Query issueFilterSuggestion issueRepositorySuggestions issueSearch notificationSubscriptions notifications
Query organizationExists project projectLabels projectMilestones projectStatuses projectUpdates projects releases
Query roadmaps searchDocuments searchProjects semanticSearch slaConfigurations teamMembership teamMemberships template
Query templates userSettings webhook webhooks
Mutation agentActivityCreate agentSessionCreateOnComment agentSessionCreateOnIssue attachmentLinkDiscord
Mutation attachmentLinkFront attachmentLinkGitHubIssue attachmentLinkGitHubPR attachmentLinkGitLabMR
Mutation attachmentLinkIntercom attachmentLinkJiraIssue attachmentLinkSalesforce attachmentLinkSlack
Mutation attachmentLinkZendesk attachmentSyncToSlack customerNeedCreate cycleCreate documentCreate documentDelete
Mutation documentUpdate emojiCreate entityExternalLinkCreate favoriteCreate favoriteDelete fileUpload
Mutation imageUploadFromUrl issueExternalSyncDisable issueLabelRestore issueLabelRetire issueReminder issueShare
Mutation issueToReleaseCreate issueUnshare notificationSubscriptionCreate projectCreate projectLabelCreate
Mutation projectMilestoneCreate projectUpdate projectUpdateCreate reactionCreate reactionDelete releaseCreate
Mutation teamCreate teamMembershipCreate teamUpdate templateCreate templateUpdate timeScheduleCreate
Mutation timeScheduleUpdate timeScheduleUpsertExternal triageResponsibilityCreate triageResponsibilityUpdate
Mutation userUpdate webhookCreate webhookDelete webhookUpdate workflowStateArchive workflowStateCreate
Mutation workflowStateUpdate
Issue activitySummary agentSessions documentContent documents formerAttachments formerNeeds needs releases stateHistory
Issue suggestions summary
IssueSearchResult activitySummary documents needs releases stateHistory suggestions summary
Team ancestors children cycles facets gitAutomationStates membership memberships posts projects templates webhooks
User delegatedIssues drafts identityProvider issueDrafts teamMemberships
Comment agentSessions bodyData createdIssues post threadSummary
Organization facets integrations projectLabels templates workingDays
IssueHistory changes
IssueCreateInput descriptionData inheritsSharedAccess lastAppliedTemplateId referenceCommentId releaseIds slaBreachesAt
IssueCreateInput slaStartedAt slaType sourceCommentId
IssueUpdateInput addedReleaseIds descriptionData inheritsSharedAccess lastAppliedTemplateId releaseIds
IssueUpdateInput removedReleaseIds slaBreachesAt slaStartedAt slaType
IssueSortInput assignee completedAt cycle dueDate estimate label linkCount manual milestone project slaStatus team title
IssueSortInput workflowState
CommentCreateInput bodyData documentContentId initiativeUpdateId projectId projectUpdateId
CommentUpdateInput bodyData
AttachmentCreateInput commentBodyData
IssueFilter activity addedToCycleAt autoArchivedAt autoClosedAt cycle needs project projectMilestone reactions releases
IssueFilter searchableContent slaBreachesAt slaStatus snoozedBy sourceMetadata suggestions
CommentFilter documentContent project reactions
UserFilter assignedIssues invited isInvited
TeamFilter ancestors parent private retiredAt visibility
"""

UNCOVERED: dict[str, frozenset[str]] = {}
"""The names of fields by type, of arguments' types as well."""
for _type, *_names in map(str.split, _TABLE.strip().splitlines()):
    UNCOVERED[_type] = UNCOVERED.get(_type, frozenset()) | frozenset(_names)

_UNKNOWN = (
    re.compile(r"Cannot query field '(?P<name>\w+)' on type '(?P<type>\w+)'"),
    re.compile(r"Expected value of type '(?P<type>\w+)!?' not to include unknown field '(?P<name>\w+)'"),
)
"""How graphql-core words that a type has no such field."""


def uncovered(mistakes: Iterable[str]) -> str | None:
    """What Linear has and the double has not, of the fields that a request is wrong about.

    None when there is no such field, or another one that Linear has not either.
    """
    asked = [found for mistake in mistakes for unknown in _UNKNOWN if (found := unknown.search(mistake))]
    if not asked or any(found["name"] not in UNCOVERED.get(found["type"], ()) for found in asked):
        return None
    return f"{asked[0]['type']}.{asked[0]['name']}"
