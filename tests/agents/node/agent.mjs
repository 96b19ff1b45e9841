#!/usr/bin/env node
/**
 * An agent-sre for teams that live in Jira: alerts become issues of a Jira Cloud project, and nothing else happens.
 *
 * Nothing but Node's own modules. Connections are kept alive, what Jira calls things is asked for once and remembered,
 * and an event is answered when its work is done or, if that takes longer than a moment, with a 202 meanwhile.
 *
 *     node agent.mjs --port 8000
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { parseArgs } from 'node:util';

const env = process.env;
const PROJECT = env.JIRA_PROJECT_KEY ?? 'HOMELAB';
const ISSUE_TYPE = 'Task';
const PRIORITIES = { critical: 'Highest', warning: 'High' };

const CALL_TIMEOUT = 10_000;
const PAUSES = [800, 1_600, 3_200, 6_400]; // between five tries
const PROBES = [10_000, 20_000, 25_000]; // until refused credentials are tried again
const INDEX_LOOKS = [0, 1_000, 2_000]; // Jira's search lags behind: only the last of these looks is believed
const PATIENCE = 3_000; // of a sender of events
const BIGGEST_BODY = 1 << 20;

// ---------------------------------------------------------------------------------------------- settings and logging

/** The value now: a secret is rotated by replacing the file that NAME_FILE points to. */
function setting(name) {
  const file = env[`${name}_FILE`];
  if (file === undefined) return env[name];
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function withoutSecrets(text) {
  return ['JIRA_API_TOKEN', 'LINEAR_API_KEY']
    .map(setting)
    .filter(Boolean)
    .reduce((rest, value) => rest.replaceAll(value, '***'), text);
}

/** What happened, as JSON. */
function note(severity, message, correlation, details = {}) {
  const record = { time: new Date().toISOString(), severity, message, correlation, ...details };
  console.log(withoutSecrets(JSON.stringify(record)));
}

/** Traffic, as plain text. */
function trace(text) {
  console.log(withoutSecrets(`${new Date().toISOString()} DEBUG ${text}`));
}

// ------------------------------------------------------------------------------------------------------- the outside

const ca = env.SSL_CERT_FILE ? readFileSync(env.SSL_CERT_FILE) : undefined;
const pool = { keepAlive: true, maxSockets: 32 };

/** Keeps TLS connections that go through an HTTP proxy's CONNECT. */
class TunnelAgent extends https.Agent {
  constructor(proxy) {
    super({ ...pool, ca });
    this.proxy = proxy;
  }

  createConnection(options, done) {
    const target = `${options.host}:${options.port}`;
    const request = http.request({
      host: this.proxy.hostname,
      port: this.proxy.port || 80,
      method: 'CONNECT',
      path: target,
      headers: { host: target },
      agent: false,
      timeout: CALL_TIMEOUT,
    });
    request.once('connect', (answer, socket) => {
      if (answer.statusCode === 200) {
        done(null, tls.connect({ ...options, socket, servername: options.servername || options.host }));
      } else {
        socket.destroy();
        done(new Error(`the proxy answers ${answer.statusCode} to CONNECT ${target}`));
      }
    });
    request.once('timeout', () => request.destroy(new Error('the proxy does not answer')));
    request.once('error', done);
    request.end();
  }
}

const direct = { 'http:': new http.Agent(pool), 'https:': new https.Agent({ ...pool, ca }) };
const proxies = Object.fromEntries(
  ['http', 'https'].map((scheme) => {
    const value = env[`${scheme.toUpperCase()}_PROXY`] || env[`${scheme}_proxy`];
    return [`${scheme}:`, value ? new URL(value) : null];
  }),
);
const tunnels = proxies['https:'] && new TunnelAgent(proxies['https:']);
const unproxied = (env.NO_PROXY ?? env.no_proxy ?? '').split(',').map((entry) => entry.trim().toLowerCase());

function needsNoProxy(url) {
  return unproxied.some((entry) => {
    if (entry === '*') return true;
    const name = entry.replace(/^\*?\./, '');
    return name !== '' && [url.host, url.hostname].some((host) => host === name || host.endsWith(`.${name}`));
  });
}

/** One request and its whole answer, or an exception. */
async function exchange(method, url, headers, body) {
  const proxy = needsNoProxy(url) ? null : proxies[url.protocol];
  const signal = AbortSignal.timeout(CALL_TIMEOUT);
  const options = { method, signal, headers: { ...headers, host: url.host } };
  if (body !== undefined) options.headers['content-length'] = Buffer.byteLength(body);
  let request;
  if (proxy && url.protocol === 'http:') {
    const { hostname: host, port } = proxy;
    request = http.request({ ...options, host, port, path: url.href, agent: direct['http:'] });
  } else {
    const agent = proxy ? tunnels : direct[url.protocol];
    request = (url.protocol === 'https:' ? https : http).request(url, { ...options, agent });
  }
  try {
    const answer = await new Promise((resolve, reject) => {
      request.once('response', resolve);
      request.on('error', reject);
      request.end(body);
    });
    const parts = [];
    for await (const part of answer) parts.push(part);
    return { status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString() };
  } catch (problem) {
    throw new Error(signal.aborted ? `no answer within ${CALL_TIMEOUT / 1000} s` : problem.message, { cause: problem });
  }
}

// --------------------------------------------------------------------------------------------------------------- Jira

/** Jira does not take it, whatever happens. */
class Rejection extends Error {}

/** It may work later. `maybeDone`: Jira may have done it and only the answer is lost. */
class Hiccup extends Error {
  constructor(message, { maybeDone = true, limited = false } = {}) {
    super(message);
    Object.assign(this, { maybeDone, limited });
  }
}

const gate = { opensAt: 0, refused: null, refusals: 0, probeAt: 0 };

/** The account to use, as soon as a call is welcome: not before a Retry-After is over, not with refused credentials. */
async function account() {
  for (;;) {
    const [url, email, token] = ['JIRA_URL', 'JIRA_EMAIL', 'JIRA_API_TOKEN'].map(setting);
    if ([url, email, token].includes(undefined)) throw new Rejection('Jira is not configured');
    const authorization = `Basic ${Buffer.from(`${email}:${token}`).toString('base64')}`;
    const now = Date.now();
    if (now < gate.opensAt) {
      await sleep(gate.opensAt - now);
    } else if (url && token && authorization !== gate.refused) {
      return { url, authorization };
    } else if (url && token && now >= gate.probeAt) {
      gate.probeAt = now + PROBES.at(-1);
      return { url, authorization };
    } else {
      await sleep(500);
    }
  }
}

function welcomeAgain(headers, otherwise) {
  const after = headers['retry-after'];
  if (/^\d+$/.test(after ?? '')) return Date.now() + Number(after) * 1000 + 30;
  const moment = Date.parse(after ?? headers['x-ratelimit-reset']);
  return Number.isNaN(moment) ? Date.now() + otherwise : moment + 30;
}

function complaint({ status, text }) {
  try {
    const { errorMessages = [], errors = {} } = JSON.parse(text);
    const fields = Object.entries(errors).map(([field, what]) => `${field}: ${what}`);
    return `HTTP ${status} ${[...errorMessages, ...fields].join('; ')}`;
  } catch {
    return `HTTP ${status} ${text.slice(0, 300)}`;
  }
}

/** One call; with credentials that Jira refuses it waits for better ones. The answer is the JSON, or null if empty. */
async function jira(correlation, method, path, content) {
  for (;;) {
    const { url, authorization } = await account();
    const headers = { authorization, accept: 'application/json' };
    if (content) headers['content-type'] = 'application/json';
    const started = Date.now();
    let answer;
    try {
      const target = new URL(`${url.replace(/\/+$/, '')}/rest/api/3/${path}`);
      answer = await exchange(method, target, headers, content && JSON.stringify(content));
    } catch (problem) {
      throw new Hiccup(`Jira, ${method} ${path}: ${problem.message}`, {
        maybeDone: !['ECONNREFUSED', 'ENOTFOUND'].includes(problem.cause?.code),
      });
    }
    const { status, text } = answer;
    trace(`jira ${method} ${path} -> ${status} in ${Date.now() - started} ms (${correlation})`);

    if (status === 401 || status === 403) {
      const pause = PROBES[Math.min(gate.refusals, PROBES.length - 1)];
      Object.assign(gate, { refused: authorization, refusals: gate.refusals + 1, probeAt: Date.now() + pause });
      note('error', `Jira refuses our credentials: waiting for others`, correlation, { status, nextTryMs: pause });
      continue;
    }
    Object.assign(gate, { refused: null, refusals: 0 });
    const what = `Jira, ${method} ${path}: ${complaint(answer)}`;
    if (status === 429 || (status === 503 && answer.headers['retry-after'])) {
      gate.opensAt = Math.max(gate.opensAt, welcomeAgain(answer.headers, PAUSES[1]));
      throw new Hiccup(what, { maybeDone: status !== 429, limited: true });
    }
    if (status === 408 || status >= 500) throw new Hiccup(what);
    if (status >= 300) throw new Rejection(what);
    if (text === '') return null;
    try {
      return JSON.parse(text);
    } catch {
      throw new Hiccup(`Jira, ${method} ${path}: HTTP ${status} with an unreadable body`);
    }
  }
}

/** Up to five tries. `work` is told whether an earlier one may have done it already. */
async function insist(correlation, work) {
  let doubtful = false;
  for (const pause of [...PAUSES, null]) {
    try {
      return await work(doubtful);
    } catch (problem) {
      if (!(problem instanceof Hiccup)) throw problem;
      doubtful ||= problem.maybeDone;
      const wait = problem.limited
        ? Math.max(0, gate.opensAt - Date.now())
        : Math.round(pause * (0.95 + Math.random() * 0.15));
      note('error', problem.message, correlation, pause ? { retryInMs: wait } : { final: true });
      if (!pause) throw problem;
      await sleep(wait);
    }
  }
}

let issueType; // the promise of what Jira calls it, once somebody has asked

async function findIssueType(correlation) {
  try {
    const found = await insist(correlation, () => jira(correlation, 'GET', `issue/createmeta/${PROJECT}/issuetypes`));
    const types = found.issueTypes.filter((type) => !type.subtask);
    const { id } = types.find(({ name }) => name === ISSUE_TYPE) ?? types[0];
    return { id };
  } catch (problem) {
    if (problem instanceof Hiccup) {
      issueType = undefined;
      throw problem;
    }
    note('warning', `the project does not tell its issue types: ${problem.message}`, correlation);
    return { name: ISSUE_TYPE };
  }
}

/** The key of the open issue that carries the marker, apart from one that is known to be closed. */
async function findOpen(correlation, marker, closed) {
  const query = new URLSearchParams({ jql: `project = "${PROJECT}" AND labels = "${marker}"`, fields: 'labels,status' });
  const { issues } = await jira(correlation, 'GET', `search/jql?${query}`);
  const own = issues.filter(({ fields }) => fields.labels.includes(marker));
  return own.find(({ key, fields }) => key !== closed && fields.status.statusCategory.key !== 'done')?.key;
}

async function create(alert, correlation, earlier) {
  issueType ??= findIssueType(correlation);
  const fields = {
    project: { key: PROJECT },
    issuetype: await issueType,
    summary: `${alert.name} (${alert.severity || 'no severity'})`.replace(/\s+/g, ' ').slice(0, 250),
    description: document(alert, correlation),
    priority: { name: PRIORITIES[alert.severity.toLowerCase()] ?? 'Medium' },
    labels: ['agent-sre', alert.severity, alert.marker].map(jiraLabel).filter(Boolean),
  };
  return insist(correlation, async (doubtful) => {
    for (const pause of doubtful ? INDEX_LOOKS : []) {
      await sleep(pause);
      const key = await findOpen(correlation, alert.marker, earlier);
      if (key) return key;
    }
    const created = await jira(correlation, 'POST', 'issue', { fields });
    if (!created?.key) throw new Hiccup('Jira created an issue and does not say which');
    return created.key;
  });
}

/** Says it on the issue, once; `mark` is a part of the text by which it can be recognised. */
async function comment(correlation, key, mark, ...paragraphs) {
  const body = { type: 'doc', version: 1, content: paragraphs.map((words) => paragraph(text(words))) };
  await insist(correlation, async (doubtful) => {
    if (doubtful) {
      const { comments } = await jira(correlation, 'GET', `issue/${key}/comment?orderBy=-created&maxResults=100`);
      if (comments.some((each) => JSON.stringify(each.body).includes(JSON.stringify(mark).slice(1, -1)))) return;
    }
    await jira(correlation, 'POST', `issue/${key}/comment`, { body });
  });
}

const categories = { open: ['new', 'indeterminate'], done: ['done'] };

/** Brings the issue to a status of that kind by a transition. */
async function move(correlation, key, kind) {
  await insist(correlation, async () => {
    const { fields } = await jira(correlation, 'GET', `issue/${key}?fields=status`);
    if (categories[kind].includes(fields.status.statusCategory.key)) return;
    const { transitions } = await jira(correlation, 'GET', `issue/${key}/transitions?expand=transitions.fields`);
    const [way] = categories[kind]
      .flatMap((category) => transitions.filter(({ to }) => to.statusCategory.key === category))
      .toSorted((one, other) => unwelcome(one) - unwelcome(other));
    if (!way) throw new Rejection(`no transition leads ${key} to a status that is ${kind}`);
    const order = { transition: { id: way.id } };
    const resolution = kind === 'done' && way.fields?.resolution;
    if (resolution) order.fields = { resolution: { name: resolution.allowedValues?.[0]?.name ?? 'Done' } };
    await jira(correlation, 'POST', `issue/${key}/transitions`, order);
  });
}

/** Of several ways to a done status, "Won't do" and its like are not the first choice. */
function unwelcome({ name, to }) {
  return /won.?t|reject|cancel|declin|duplicate|invalid/i.test(`${name} ${to.name}`) ? 1 : 0;
}

async function relate(correlation, key, earlier) {
  const link = { type: { name: 'Relates' }, inwardIssue: { key: earlier }, outwardIssue: { key } };
  await insist(correlation, () => jira(correlation, 'POST', 'issueLink', link)); // the same link again changes nothing
}

function jiraLabel(label) {
  return label
    .trim()
    .replace(/[^\p{L}\p{N}_.:-]+/gu, '-')
    .slice(0, 255);
}

// ------------------------------------------------------------------------------------- Atlassian's document format

function text(words, ...marks) {
  const node = { type: 'text', text: words.slice(0, 8_000) };
  return marks.length ? { ...node, marks } : node;
}

function paragraph(...nodes) {
  return { type: 'paragraph', content: nodes.filter((node) => node.text !== '') };
}

function document(alert, correlation) {
  const cell = (type, words) => ({ type, attrs: {}, content: [paragraph(text(words))] });
  const row = (type, words) => ({ type: 'tableRow', content: words.map((each) => cell(type, each)) });
  const labels = Object.entries(alert.labels).map((pair) => row('tableCell', pair));
  const annotations = Object.entries(alert.annotations).flatMap(([name, words]) => [
    { type: 'heading', attrs: { level: 4 }, content: [text(name || '-')] },
    { type: 'codeBlock', attrs: {}, content: words ? [text(words)] : [] },
  ]);
  const origin = /^https?:\/\/\S+$/.test(alert.origin)
    ? [paragraph(text('Raised by: '), text(alert.origin, { type: 'link', attrs: { href: alert.origin } }))]
    : [];
  const content = [
    paragraph(text(alert.name, { type: 'strong' }), text(` fires; severity: ${alert.severity || 'not given'}`)),
    { type: 'table', attrs: {}, content: [row('tableHeader', ['Label', 'Value']), ...labels] },
    ...annotations,
    ...origin,
    paragraph(text(`Correlation: ${correlation}`)),
  ];
  return { type: 'doc', version: 1, content };
}

// ---------------------------------------------------------------------------------------------------------- incidents

/** marker -> { key, open, queue }: the issue of a label set, and the end of the queue of those who work on it. */
const incidents = new Map();
const counts = {};

/** Takes over the issue that an earlier process may have left open. */
async function adopt(incident, alert, correlation) {
  incident.key = await insist(correlation, () => findOpen(correlation, alert.marker));
  incident.open = Boolean(incident.key);
}

const reactions = {
  async 'io.homelab.prometheus.alert.fired'(incident, alert, { id, correlation }) {
    if (!incident.key) await adopt(incident, alert, correlation);
    if (incident.open) {
      const news = [`${alert.name} was reported again.`, `Event ${id}, correlation ${correlation}`];
      await comment(correlation, incident.key, id, ...news);
      return 'commented';
    }
    const earlier = incident.key;
    if (earlier && (await reopen(incident, alert, id, correlation))) return 'reopened';
    incident.key = await create(alert, correlation, earlier);
    incident.open = true;
    if (earlier) await relate(correlation, incident.key, earlier);
    return 'created';
  },

  async 'io.homelab.prometheus.alert.resolved'(incident, alert, { id, correlation }) {
    if (!incident.key) await adopt(incident, alert, correlation);
    if (!incident.open) return 'nothing open';
    await comment(correlation, incident.key, id, `${alert.name} has gone.`, `Event ${id}, correlation ${correlation}`);
    await move(correlation, incident.key, 'done');
    incident.open = false;
    return 'closed';
  },
};

async function reopen(incident, alert, id, correlation) {
  try {
    await move(correlation, incident.key, 'open');
  } catch (problem) {
    if (!(problem instanceof Rejection)) throw problem;
    note('warning', `a new issue instead of ${incident.key}: ${problem.message}`, correlation);
    return false;
  }
  incident.open = true;
  await comment(correlation, incident.key, id, `${alert.name} is back.`, `Event ${id}, correlation ${correlation}`);
  return true;
}

/** Works on the event after all earlier ones of its incident; says how to answer it, and never throws. */
function work(event) {
  const react = reactions[event.type];
  const { alert, correlation } = event;
  if (!incidents.has(alert.marker)) incidents.set(alert.marker, { open: false, queue: Promise.resolve() });
  const incident = incidents.get(alert.marker);
  const result = incident.queue.then(async () => {
    try {
      const outcome = await react(incident, alert, event);
      note('info', `${alert.name}: ${outcome}`, correlation, { issue: incident.key, event: event.id });
      return { status: 200, outcome };
    } catch (problem) {
      note('error', `${alert.name} is not dealt with: ${problem.message}`, correlation, { event: event.id });
      return problem instanceof Rejection
        ? { status: 200, outcome: 'rejected by Jira' }
        : { status: 503, outcome: 'failed, deliver it again' };
    }
  });
  incident.queue = result;
  return result;
}

/** source and id of an event -> the result of its first delivery */
const deliveries = new Map();

function deliver(event) {
  const identity = JSON.stringify([event.source, event.id]);
  if (!deliveries.has(identity)) {
    const result = work(event);
    deliveries.set(identity, result);
    if (deliveries.size > 10_000) deliveries.delete(deliveries.keys().next().value);
    result.then(({ status, outcome }) => {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      if (status !== 200) deliveries.delete(identity);
    });
  }
  return deliveries.get(identity);
}

// ----------------------------------------------------------------------------------------------------------- the door

class BadRequest extends Error {
  constructor(message, status = 400) {
    super(message);
    this.status = status;
  }
}

async function readBody(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > BIGGEST_BODY) throw new BadRequest('too much', 413);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parseJson(body) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (problem) {
    throw new BadRequest(`not JSON in UTF-8 (${problem.name})`);
  }
}

function decode(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new BadRequest('a header with a broken encoding');
  }
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value) => typeof value === 'string' && value.isWellFormed();

function parseEvent(headers, body) {
  const media = (headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  let event;
  if (media.startsWith('application/cloudevents') && !media.startsWith('application/cloudevents-batch')) {
    event = parseJson(body);
  } else if (headers['ce-specversion'] && (media === '' || /^application\/(.+\+)?json$/.test(media))) {
    const attributes = Object.entries(headers).filter(([name]) => name.startsWith('ce-'));
    event = Object.fromEntries(attributes.map(([name, value]) => [name.slice(3), decode(value)]));
    event.data = body.length ? parseJson(body) : undefined;
  } else {
    throw new BadRequest('no CloudEvent', 415);
  }
  if (!isObject(event) || event.specversion !== '1.0') throw new BadRequest('no CloudEvent 1.0');
  for (const name of ['id', 'source', 'type']) {
    if (!isText(event[name]) || event[name] === '') throw new BadRequest(`no ${name}`);
  }
  const { id, source, type } = event;
  const correlation = correlationOf(event, headers);
  const alert = Object.hasOwn(reactions, type) ? parseAlert(event.data) : null;
  return { id, source, type, correlation, alert };
}

function correlationOf(event, headers) {
  const [, traceId] = (headers.traceparent ?? '').match(/^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-/) ?? [];
  const given = [event.correlationid, headers['x-correlation-id'], traceId];
  const made = createHash('sha256').update(`${event.source}\n${event.id}`).digest('hex').slice(0, 32);
  return given.find((value) => isText(value) && /^[!-~]{1,200}$/.test(value)) ?? made;
}

function parseAlert(data) {
  if (!isObject(data)) throw new BadRequest('no alert');
  const { labels, annotations = {}, severity = labels?.severity ?? '', generatorURL: origin = '' } = data;
  const name = data.alertname ?? labels?.alertname;
  if (![labels, annotations].every((texts) => isObject(texts) && Object.entries(texts).flat().every(isText))) {
    throw new BadRequest('labels and annotations are objects of texts');
  }
  if (![name, severity, origin].every(isText) || name.trim() === '') throw new BadRequest('no alert name');
  const labelSet = Object.entries({ ...labels, alertname: name }).sort(([one], [other]) => (one < other ? -1 : 1));
  const marker = `alert-${createHash('sha256').update(JSON.stringify(labelSet)).digest('hex').slice(0, 20)}`;
  return { name, severity, labels, annotations, origin, marker };
}

async function takeEvent(request) {
  const event = parseEvent(request.headers, await readBody(request));
  const ids = { event_id: event.id, correlation_id: event.correlation };
  if (!event.alert) return [200, { status: 'not for me', ...ids }];
  note('info', `event ${event.type} of ${event.alert.name}`, event.correlation, { event: event.id });
  const patience = new AbortController();
  const { status, outcome } = await Promise.race([
    deliver(event),
    sleep(PATIENCE, { status: 202, outcome: 'in the works' }, { signal: patience.signal }),
  ]);
  patience.abort();
  return [status, { status: outcome, ...ids }];
}

const doors = {
  'POST /': takeEvent,
  'GET /health': () => [200, { status: 'healthy' }],
  'GET /ready': () => (setting('JIRA_URL') ? [200, { status: 'ready' }] : [503, { status: 'Jira is not configured' }]),
  'GET /metrics': () => {
    const lines = Object.entries(counts).map(([what, n]) => `agent_sre_jira_events_total{outcome="${what}"} ${n}\n`);
    return [200, `# TYPE agent_sre_jira_events_total counter\n${lines.join('')}`];
  },
};

const server = http.createServer(async (request, response) => {
  let status, content;
  try {
    const door = doors[`${request.method} ${request.url}`];
    [status, content] = door ? await door(request) : [404, { status: 'nobody here' }];
  } catch (problem) {
    status = problem instanceof BadRequest ? problem.status : 500;
    content = { status: status === 500 ? 'my fault' : problem.message };
    note(status === 500 ? 'error' : 'warning', `request refused: ${problem.message}`);
    if (!request.complete) response.setHeader('connection', 'close');
  }
  const plain = typeof content === 'string';
  response.writeHead(status, { 'content-type': plain ? 'text/plain; version=0.0.4' : 'application/json' });
  response.end(plain ? content : JSON.stringify(content));
});

/** Opens the first connection before it is needed. */
async function warmUp() {
  const key = setting('LINEAR_API_KEY');
  if (!key) return;
  const headers = { authorization: key, 'content-type': 'application/json' };
  const query = JSON.stringify({ query: 'query { viewer { id } }' });
  try {
    const { status } = await exchange('POST', new URL('https://api.linear.app/graphql'), headers, query);
    trace(`warm-up: Linear answers ${status}`);
  } catch (problem) {
    trace(`warm-up: Linear does not answer, ${problem.message}`);
  }
}

const { values } = parseArgs({ options: { port: { type: 'string', default: '8000' } } });
server.listen(Number(values.port), '0.0.0.0', () => trace(`listening on ${values.port}`));
process.once('SIGTERM', () => process.exit(0));
warmUp();
