"""Sentences about security: what leaves the agent and how, where its credentials are, and what it lets in."""

from typing import get_args

from behave import given, register_type, then, when

from reports import run
from steps.functions import fire
from steps.incident import audit
from steps.incident.alert import make_alert
from steps.incident.arrangement import under
from steps.incident.context import Context
from steps.incident.events import event_about
from steps.incident.hostile import saying
from steps.incident.model import KINDS, alert_about
from steps.incident.notification import notification
from steps.incident.robustness import DOORS
from steps.incident.tickets import AnyTickets
from steps.incident.trust import TRACKERS
from steps.incident.words import one_of
from steps.world.cluster.cloudevent import Mode
from steps.world.hosts import EXTERNAL
from steps.world.staff import APPROVER
from steps.world.trouble import UNTRUSTWORTHY

register_type(
    Untrustworthy=one_of(UNTRUSTWORTHY), Door=one_of(DOORS), Mode=one_of(get_args(Mode)), Tracker=one_of(TRACKERS)
)

# -- whom it trusts


@when("alerts fire while each host outside the cluster in turn {cannot_be_trusted:Untrustworthy}")
def fires_at_untrustworthy(context: Context, cannot_be_trusted: str) -> None:
    for name in EXTERNAL:
        began = context.stage.world.journal.cursor()
        with context.stage.trouble.untrustworthy(name, cannot_be_trusted):
            context.trust.tried(name, began, lambda: fire(context, "pod-restart"))


@then("agent-sre tries to call each of them, and none of them is told anything")
def spoke_to_none(context: Context) -> None:
    context.trust.spoke_to_none()


@then("once all of them can be trusted again, an alert is served by each")
def served_by_all(context: Context) -> None:
    began = context.stage.world.journal.cursor()
    context.trust.served_by_all(began, lambda: fire(context, "pod-restart"))


# -- how it is deployed


@given("the manifests of the deployment")
def manifests(context: Context) -> None:
    context.deployment.read()


@given("the deployment as the cluster has it")
def deployed(context: Context) -> None:
    context.deployment.apply()


@then("its workloads take their credentials from Secrets")
def from_secrets(context: Context) -> None:
    context.deployment.takes_from_secrets()


@then("no manifest holds a credential itself")
@then("no workload and no setting holds a credential itself")
def holds_none(context: Context) -> None:
    context.deployment.holds_none()


# -- keys that are exchanged, and tokens that expire


@given("agent-sre speaks to Linear by OAuth")
@under("Linear by OAuth")
def by_oauth(context: Context) -> None:
    pass


@given("alerts that keep coming in")
def keep_firing(context: Context) -> None:
    context.incident.keep_firing()


@when("the key for {service} is exchanged, and the one before is revoked when the time for that is over")
def exchange(context: Context, service: str) -> None:
    context.exchanged = context.rotation.exchange(service)


@then("agent-sre uses the new key in time, and the one before no more")
def takes_up(context: Context) -> None:
    context.rotation.taken_up(context.exchanged)
    context.rotation.given_up(context.exchanged)


@then("no Secret with its keys is older than the policy allows")
def within_policy(context: Context) -> None:
    context.deployment.rotated_within(context.stage.profile.secrets.days)


@when("its tokens have expired more than once, and Linear could not renew one of them at the first try")
def tokens_expire(context: Context) -> None:
    context.rotation.by_oauth()
    context.stage.trouble.at_linear_renewing()
    context.rotation.outlive()


@then("each of its tokens was fetched once for all calls, when the one before was about to expire")
def renewed(context: Context) -> None:
    context.rotation.renewed_in_time()


@then("no call carried a token that had expired when there was another")
def none_outlived(context: Context) -> None:
    context.rotation.none_outlived()


@then("every alert of that time has exactly one open ticket in {tracker:Tracker}")
def none_lost(context: Context, tracker: str) -> None:
    trackers: dict[str, AnyTickets] = {"Linear": context.issues, "Jira": context.jira_issues}
    with context.flood.if_undisturbed():
        trackers[tracker].exactly_one_open(*context.incident.alerts, limit="burst")


# -- more than it has to take


@when("ten other alerts are notified in a flood")
def flooded(context: Context) -> None:
    context.flood.pour()
    context.incident.stop_firing()


@then("a part of the flood is turned away and told when to come again")
def turned_away(context: Context) -> None:
    context.flood.turned_away()


@then("agent-sre stays healthy all the time")
def stays_healthy(context: Context) -> None:
    context.flood.stayed_healthy()


# -- bad input


@when("a stranger sends bad input to {door:Door}, again and again")
def besieged(context: Context, door: str) -> None:
    context.siege = context.robustness.besiege(door)


@when("a stranger sends bad answers to the door for approvals, again and again")
def approvals_besieged(context: Context) -> None:
    ids = context.approvals.has_id_and_buttons(context.incident.alert)
    context.siege = context.robustness.besiege("agent-sre's door for approvals", sorted(ids))


@then("all of it is refused, and the program lives on each time")
def withstood(context: Context) -> None:
    context.robustness.withstood(context.siege)


@then("nothing comes of it")
def without_effect(context: Context) -> None:
    context.robustness.without_effect(context.siege)


@then("no function is called because of it")
def no_function_called(context: Context) -> None:
    context.approvals.not_called(context.incident.alert)


@then("an event in {mode:Mode} mode right after it is handled")
def event_handled(context: Context, mode: Mode) -> None:
    alert = context.incident.adopt(make_alert())
    context.stage.broker.deliver(event_about(alert, "fired", context.incident.correlation_id), mode)
    context.issues.exactly_one(alert)


@then("an approval right after it has the function called")
def approval_handled(context: Context) -> None:
    decided = context.approvals.decide(context.incident.alert, "on Slack", "approve", APPROVER)
    context.approvals.called_once(context.incident.alert, decided.began)


@then("a notification right after it is handled")
@then("a notification right after them is handled")
def notification_handled(context: Context) -> None:
    alert = context.incident.adopt(make_alert())
    context.stage.webhook.send(notification([(alert, "firing")]))
    context.events.all_at_broker([alert], "fired")
    context.issues.exactly_one(alert)


@given("alerts whose labels and annotations hold")
def hostile_alerts(context: Context) -> None:
    context.hostile = [saying(row["content"], context.incident.key) for row in context.table]


@when("Alertmanager notifies prometheus-events of them")
def hostile_notified(context: Context) -> None:
    context.incident.alerts = [one.alert for one in context.hostile]
    for one in context.hostile:
        context.stage.webhook.send(notification([(one.alert, "firing")]))


@then("each of them is refused or has its ticket")
def refused_or_told(context: Context) -> None:
    context.hostility.refused_or_told(context.hostile)


@then("nothing that they say is called, looked up or calculated")
def not_carried_out(context: Context) -> None:
    context.hostility.not_carried_out(context.hostile)


# -- the whole run


@given("an alert for whose handling every integration was needed")
def needs_everything(context: Context) -> None:
    alert = context.incident.adopt(alert_about(KINDS["a pod that crashes again and again"]))
    context.stage.webhook.send(notification([(alert, "firing")]))
    context.approvals.decide(alert, "on Slack", "approve", APPROVER)
    context.approvals.application_request(alert)
    context.remediation.call(alert)


@given("alerts that every integration failed")
def fails_everywhere(context: Context) -> None:
    waiting, alert = make_alert(function="pod-restart"), alert_about(KINDS["a pod that crashes again and again"])
    context.incident.fire(context.incident.adopt(waiting))
    context.approvals.on_slack(waiting)
    context.stage.trouble.everywhere()
    context.approvals.decide(waiting, "on Slack", "approve", APPROVER)
    context.incident.fire(context.incident.adopt(alert))
    context.trust.let_down()


@given("requests that were refused at every door")
def refused_everywhere(context: Context) -> None:
    context.stage.webhook.post(b"{")
    context.stage.agent.post("/", "application/cloudevents+json", b"{")
    context.stage.agent.post("/approval/callback", "application/json", b"{")
    context.stage.agent.post("/approval/callback", "application/x-www-form-urlencoded", b"payload=%7B%7D")


@when("all calls of this run are judged")
@when("everything that was written, said and answered in this run is searched for credentials")
def audited(context: Context) -> None:
    own = context.stage.audit()
    context.audit = own.with_others(run.record.latest / audit.PLACE) if run.record else own


@then("there are calls to every integration")
def complete(context: Context) -> None:
    context.incident.saw("Calls of this run", audit.shown_calls(context.audit))
    audit.complete(context.audit)


@then("every call that leaves the cluster is encrypted by a current version of TLS, to a host that can be trusted")
def protected(context: Context) -> None:
    context.incident.saw("Calls that left the cluster", audit.shown_calls(context.audit))
    audit.protected(context.audit)


@then("no call goes to a host that nobody declared")
def declared(context: Context) -> None:
    context.incident.saw("Calls of this run", audit.shown_calls(context.audit))
    context.incident.did_not_see("a call to a host that nobody declared", control=lambda: context.audit.calls)
    audit.declared(context.audit)


@then("the credentials are found where they belong")
def at_home(context: Context) -> None:
    context.incident.saw("Credentials of this run", audit.shown_credentials(context.audit))
    audit.at_home(context.audit)


@then("no credential is found in")
def clean(context: Context) -> None:
    context.incident.saw("Credentials in other places", audit.shown_places(context.audit))
    context.incident.did_not_see("a credential in another place", control=lambda: context.audit.at_home)
    for row in context.table:
        audit.clean(context.audit, row["place"])
