"""Edits of the safe core, each of which takes a guard away: at least one of the named tests has to fail for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Mutation:
    """One edit: in `file` the text `old`, which is there once, becomes `new`.

    `tests` are files. They run on SQLite, which starts at once, and on PostgreSQL too where the edit `needs_postgresql`:
    what several processes write at once is put in order by locks there, while SQLite has one writer anyway.
    `survives` says why no test can tell the difference; "" when one has to.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str
    survives: str = ""
    needs_postgresql: bool = False


CLOCKS: Final = "tests/engine/test_clock_jumps.py"
CARRYING_OUT: Final = "tests/engine/test_carrying_out.py"
ENDORSING: Final = "tests/engine/test_endorsing.py"
DESK: Final = "tests/engine/test_desk.py"
INSIDE: Final = "tests/engine/test_taken_inside.py"
RUNNER: Final = "tests/engine/test_runner.py"
CODE: Final = "tests/engine/test_code_changed.py"
RELEASES: Final = "tests/engine/test_releases.py"
FAILURES: Final = "tests/engine/test_failures.py"
HISTORIES: Final = "tests/faults/test_histories.py"
SHAPES: Final = "tests/engine/test_shapes.py"
WRITERS: Final = "tests/engine/checkpointing/test_writers.py"
RESUMING: Final = "tests/engine/test_resuming.py"
AUDIT: Final = "tests/engine/test_audit.py tests/engine/test_anchors.py"
POLICY: Final = "tests/engine/test_policy.py"
PEOPLE: Final = "tests/bot/test_people.py"
WEB: Final = "tests/bot/test_web.py"
PAYLOADS: Final = "tests/bot/test_payloads.py"
MIRROR: Final = "tests/bot/test_mirror.py"
INERT: Final = "tests/bot/test_inert.py"
CLOSING: Final = "tests/engine/checkpointing/test_closing.py"
COMING: Final = "tests/engine/checkpointing/test_coming.py"
ODD: Final = "tests/engine/checkpointing/test_odd_values.py"
HEADS: Final = "tests/engine/checkpointing/test_heads.py"
PRUNING: Final = "tests/engine/checkpointing/test_pruning.py"
SERIALIZER: Final = "tests/engine/test_serializer.py"
TRANSACT: Final = "tests/engine/test_transact.py tests/engine/test_database.py"
GATE: Final = "tests/engine/questions/test_approval.py"
KEY: Final = "tests/engine/test_idempotency_key.py"
GUARDS: Final = "tests/engine/test_guards.py"
WAKEUPS: Final = "tests/engine/test_wakeups.py"
WITNESS: Final = "tests/bot/test_witness.py"
PIPELINES: Final = "tests/engine/test_pipelines.py"
LEASES: Final = "tests/engine/test_leases.py"

A, R, S, P = "engine/approvals.py", "engine/driving.py", "engine/settling.py", "engine/pauses.py"
T, D = "engine/threads.py", "engine/deciding.py"

MUTATIONS: Final[tuple[Mutation, ...]] = (
    # the one guarded UPDATE of a decision
    Mutation("decide without the status", A, "        approvals.c.status == PENDING,\n        approvals.c.revision == bindparam", "        approvals.c.revision == bindparam", GUARDS),
    Mutation("decide whatever the revision", A, '        approvals.c.revision == bindparam("seen_revision"),\n', "", GUARDS),
    Mutation("decide whatever the digest", A, '        approvals.c.digest == bindparam("seen_digest"),\n', "", GUARDS),
    Mutation("decide after the deadline", A, 'approvals.c.expires_at > bindparam("now"))', 'approvals.c.expires_at != bindparam("now"))', GUARDS),
    Mutation("expire what is decided", A, "        approvals.c.id == approval_id, approvals.c.status == PENDING, approvals.c.expires_at <= now\n", "        approvals.c.id == approval_id, approvals.c.expires_at <= now\n", GUARDS),
    Mutation("close what is closed", A, "    .where(approvals.c.id == bindparam(\"approval_id\"), _IS_OPEN)\n", "    .where(approvals.c.id == bindparam(\"approval_id\"))\n", GUARDS),
    Mutation("count no attempts", A, ".values(attempts=approvals.c.attempts + 1)", ".values(attempts=approvals.c.attempts)", f"{SHAPES} tests/engine/test_failures.py"),
    Mutation("deliver beside an error", A, '[row for row in rows if row.pause == "error"] or rows', "rows", FAILURES),
    # what a click has to pass
    Mutation("no policy", D, "    if refused := refusal(asked.view.policy, actor=actor, requested_by=asked.requested_by):\n        raise refused\n", "", DESK),
    Mutation("any option", D, "    if found is None:\n        raise UnknownOption\n", "    found = found or asked.view.question.options[0]\n", f"{DESK} {FAILURES}"),
    Mutation("no reason needed", D, "option.reason is ReasonWanted.REQUIRED and not", "False and not", "tests/engine/test_desk.py tests/engine/test_options.py tests/bot/test_listeners.py"),
    Mutation("an edit of nothing", D, "if option.form is not None and is_idle:", "if False:", "tests/engine/test_executed.py tests/bot/test_listeners.py tests/engine/test_options.py tests/journeys/test_review.py"),
    Mutation("a repeat of anybody", D, "        actor.id,\n        seen.digest,\n    )", "        decided.actor_id,\n        seen.digest,\n    )", DESK),
    Mutation("the state's type unheard", D, "    if given.update and asked.workflow", "    if False and asked.workflow", "tests/engine/test_vouching.py"),
    Mutation("approve one's own", "engine/policy.py", "    if actor.id == requested_by and not policy.allow_self:\n        return SelfApproval()\n", "", POLICY),
    Mutation("nobody listed means everybody", "engine/policy.py", '        return NotAllowed("Nobody may decide this: no approvers are set for this workflow.")', "        return None", POLICY),
    Mutation("outsiders may", "engine/policy.py", "    if not covers(policy, actor):\n        return NotAllowed()\n", "", POLICY),
    Mutation("barred people may", "engine/policy.py", "    if actor.barred:\n        return NotAllowed(actor.barred)\n", "", POLICY),
    # what is written down with a decision
    Mutation("no audit entry of a decision", "engine/recording.py", "    note(transition, asked, EventKind.DECIDED, actor=actor, values=values, **more)\n", "", DESK),
    Mutation("no wake-up", "engine/recording.py", "    await transition.wake(Kind.RUN, view.run_id)\n", "", f"{DESK} tests/engine/test_resuming.py"),
    Mutation("the answer's digest of something else", "engine/recording.py", '"answer_digest": answer_digest(decided.answer),', '"answer_digest": view.digest,', "tests/faults/test_checker.py tests/engine/test_executed.py"),
    Mutation("no refusals in the trail", "engine/desk.py", "            transition.note(EventKind.REFUSED, actor=actor, code=error.code, option=RAW.name)\n", "            pass\n", RESUMING),
    Mutation("sealed outside", "engine/ledger.py", "            result = await body(transition)\n            await self._seal(transition)\n", "            result = await body(transition)\n", DESK),
    Mutation("the chain skips a hash", "engine/audit.py", '        "previous": previous,\n', '        "previous": GENESIS,\n', AUDIT),
    Mutation("the seal leaves out the detail", "engine/audit.py", 'if name != "hash"}', 'if name not in ("hash", "detail")}', AUDIT),
    Mutation("verify without the hash", "engine/audit.py", " or row.hash != _seal(row._asdict())", "", AUDIT),
    Mutation("verify without the order", "engine/audit.py", "row.seq != seq + 1 or ", "", AUDIT),
    # the protocol of a delivery
    Mutation("the digest is not compared before sending", R, "if pause is None or read_pause(self._workflow, pause).digest != delivery.approval.digest:", "if pause is None:", f"{RUNNER} tests/engine/test_altered.py"),
    Mutation("answer at once the second time", R, "        if delivery.approval.attempts == 0:\n", "        if True:\n", f"{RUNNER} {SHAPES}"),
    Mutation("an update is sent again", R, "items() if k not in updated}", "items()}", f"{RUNNER} {SHAPES}"),
    Mutation("the second sending compares nothing", R, 'if pause.kind == "dynamic" and not delivery.is_of(pause, self._workflow, policy=policy):', "if False:", f"{RUNNER} {SHAPES}"),
    Mutation("no look after an edit", R, "            if not delivery.is_of(edited, self._workflow, policy=self._policy_of(delivery)):\n                return Void(here)\n", "", f"{RUNNER} tests/engine/test_executed.py tests/engine/test_altered.py tests/engine/test_vouching.py"),
    Mutation("no fence when settling", R, "            await self._hold(transition.tx)\n", "", GUARDS),
    Mutation("no lease", "engine/runner.py", "            if lease is None:\n                return\n", "", RUNNER),
    Mutation("old code is not seen", R, "            if self._is_outdated(here) and not is_held:\n", "            if False:\n", CODE),
    Mutation("a release runs what has failed", R, "is_held = is_asked_about(here) or (delivery is not None and delivery.is_over(here))", "is_held = delivery is not None and delivery.is_over(here)", RELEASES),
    Mutation("what nobody wrote down is of today's code", R, "        return frozenset() if is_ours else frozenset(unwritten)\n", "        return frozenset()\n", RELEASES),
    Mutation("a failure of other code is of today's", S, "if is_known else UNKNOWN_CODE,", ",", RELEASES),
    Mutation("a new beginning passes a breakpoint", T, 'while (snapshot.metadata or {}).get("source") == "fork"', "while False", RELEASES),
    Mutation("an answer to the new beginning is void", T, "        return all(task.id != task_id for task in", "        return True or all(task.id != task_id for task in", f"{RELEASES} tests/engine/test_unusual_nodes.py"),
    Mutation("an edit stays behind", R, "update=await self._left(delivery))", "update=None)", RELEASES),
    Mutation("answers stay in a graph inside", T, "            raise KeptInside\n", "            pass\n", RELEASES),
    Mutation("damage is read", "engine/checkpointing/packing.py", "        if found != _checksum(about, plain):\n", "        if False:\n", "tests/engine/test_checkpointer.py"),
    Mutation("a stop is not heard", "engine/transactions.py", "    if cancelled is not None:\n", "    if cancelled is not None and task.exception() is None:\n", TRANSACT),
    Mutation("what was rolled back counts as committed", "engine/database.py", "                    raise_if_aborted(cursor.connection)\n", "                    pass\n", TRANSACT),
    Mutation("listeners do not wait", "bot/bolt.py", "    if _IS_NEW in context and not await context[_IS_NEW]:\n", "    if False:\n", "tests/bot/test_bolt.py"),
    Mutation("old code at breakpoints only", R, "            pause.kind not in TROUBLES\n", '            pause.kind in ("before", "after")\n', CODE),
    Mutation("outdated runs are not woken", "engine/runner.py", "outdated = [] if self._is_current else await self._outdated(tx)", "outdated: list[str] = []", CODE),
    Mutation("delivered though the place is gone", R, "        if _is_gone(here):\n            return Void(here, why=PLACE_GONE)\n", "", CODE),
    Mutation("look again runs on", R, '        if delivery.approval.pause == "gone":\n', "        if False:\n", CODE),
    Mutation("ask again is a retry", R, "        if delivery.decision.option == ASK_AGAIN.name:\n            return TAKEN_BACK\n", "", CODE),
    Mutation("a retry under new code keeps the answers", R, "return None if is_same and not self._is_outdated(here) else CODE_CHANGED", "return None", CODE),
    Mutation("reject at a breakpoint goes on", R, "        if delivery.stops_the_run:\n", "        if False:\n", DESK),
    Mutation("the fence never moves", "engine/runs.py", "    .values(fence=runs.c.fence + 1)\n", "    .values(fence=runs.c.fence)\n", RUNNER),
    Mutation("the fence is not looked at", "engine/runs.py", '        runs.c.fence == bindparam("fence"),\n', "", RUNNER),
    Mutation("an ended run can be held", "engine/runs.py", "        _IS_UNFINISHED,\n", "", GUARDS),
    Mutation("not strict", T, "CONFIG_KEY_STRICT_RESUME: True", "CONFIG_KEY_STRICT_RESUME: False", f"{RUNNER} tests/engine/test_altered.py {HISTORIES}"),
    Mutation("a plain answer", T, "Command(resume={pause.interrupt_id: value})", "Command(resume=value)", HISTORIES),
    Mutation("not durable at each step", T, 'durability="sync"', 'durability="exit"', f"tests/faults/test_kills.py {SHAPES} tests/engine/test_failures.py"),
    Mutation("a lost write is no failure", T, "            if failure is not None:", "            if False:", "tests/engine/test_failures.py"),
    Mutation("a missing node is not seen", T, "            gone=self._gone(stored),\n", "", CODE),
    Mutation("what is done is done again", T, "            elif task_id in renamed:\n", "            elif False:\n", CODE),
    Mutation("a fork keeps the answers", "engine/pending.py", "is_kept = channel not in CONTROL or", "is_kept = channel != INTERRUPT or", CODE),
    # what driving came to
    Mutation("a lost answer is asked for again", S, "        elif row is not None and await self._is_lost(pause, row, digest):\n", "        elif False:\n", f"{HISTORIES} tests/engine/test_failures.py"),
    Mutation("a changed question keeps its revision", S, "ask_anew(self._tx, approval_id, values)", "ask_anew(self._tx, approval_id, {**values, 'revision': row.revision})", RUNNER),
    Mutation("an answer goes out beside an error", S, 'return self.approval.pause == "dynamic" and is_asked_about(here)', "return False", INSIDE),
    Mutation("what is taken inside is asked still", P, "            is_taken=interrupt.id in look.taken,\n", "", "tests/engine/test_failed_releases.py"),
    Mutation("what is cut off beside a question waits", P, "(here.is_cut_short or any(", "(any(", "tests/engine/test_cut_off.py"),
    Mutation("a breakpoint inside is passed beside a question", "engine/insides.py", '                return bool(namespace == "")\n', "                return True\n", "tests/engine/test_cut_off.py"),
    Mutation("an answer that nobody took counts", T, "        if left and self._begun.isdisjoint(each.task_id for each in left):\n            raise StaleQuestion\n", "", INSIDE),
    Mutation("part of a node's writes is all of them", "engine/checkpointer.py", "left_by_failed(writes) if self._guard is not None else writes", "writes", "tests/engine/test_cancelled.py"),
    Mutation("an error that was caught stays", P, "has_gone_past = not task.error and bool(_asked(task) - _asked_inside(task))", "has_gone_past = False", INSIDE),
    Mutation("what a node repeats is its own question", P, "bool(_asked(task) - _asked_inside(task))", "bool(_asked(task))", INSIDE),
    Mutation("what a graph inside lost counts as taken", R, "            here = await self._carry_on(here, passed=gates)\n", "            return await self._carry_on(here, passed=gates)\n", INSIDE),
    Mutation("a hand-off is told as not taken", T, " and self._begun.isdisjoint(each.task_id for each in left)", "", INSIDE),
    Mutation("what an edit made needless is told as taken", S, "is_known = not has_failed and not self._is_edited", "is_known = not has_failed", INSIDE),
    Mutation("cancelled nodes are not waited for", T, "            await self._saver.at_rest()\n", "", INSIDE),
    Mutation("values go on past a question that is asked anew", S, "                await drop(self._transition, self._run.id, why=CHANGED)  # they are for what comes after it\n", "                pass\n", "tests/engine/test_resuming.py"),
    Mutation("what was put off is withdrawn", S, "            if was_sent and is_known:\n", "            if False:\n", INSIDE),
    Mutation("questions are never withdrawn", S, "            elif row.status in approvals.OPEN:\n", "            elif False:\n", f"{RUNNER} {CODE}"),
    Mutation("delivered without an entry", S, "            self._transition.note(\n                EventKind.RESUMED,", "            _ = dict(\n                kind=EventKind.RESUMED,", "tests/engine/test_executed.py tests/faults/test_histories.py"),
    Mutation("what others approved may be edited", "engine/vouching.py", "        if not any(_shows(shown, key, value) for shown in others)\n", "", "tests/engine/test_vouching.py"),
    Mutation("a breakpoint is passed by itself", P, "    if key in passed:\n        return None\n    value", "    if True:\n        return None\n    value", DESK),
    Mutation("the digest leaves out the state", P, 'asked = {"value": value, "state": dict(state)}', 'asked = {"value": value}', "tests/faults/test_checker.py tests/engine/test_altered.py"),
    # values given ahead
    Mutation("values without a policy", "engine/resuming.py", "    if refused := refusal(asked.view.policy, actor=actor, requested_by=asked.requested_by):\n        raise refused\n", "", RESUMING),
    Mutation("values that do not fit", "engine/resuming.py", "    if sentence := refusal_of_value(", "    if False and refusal_of_value(", RESUMING),
    # the checkpointer
    Mutation("writers below the head", "engine/checkpointing/group_commit.py", "failure = StaleWriter() if passed is not None else None", "failure = None", WRITERS),
    Mutation("guards are not asked", "engine/checkpointing/group_commit.py", "            failure = answers[entry.guard]\n", "", WRITERS),
    Mutation("what builds on a failure is stored", "engine/checkpointing/group_commit.py", "        failure = failure or next((refused[each] for each in entry.after if each in refused), None)\n", "", WRITERS),
    Mutation("told before it is durable", "engine/checkpointer.py", "        await self._store.write(encoded, after=after, guard=self._guard, series=self._series)\n        return", "        asyncio.ensure_future(self._store.write(encoded, after=after, guard=self._guard, series=self._series))\n        return", WRITERS),
    Mutation("pickles are read", "engine/serializer.py", "pickle_fallback=False", "pickle_fallback=True", SERIALIZER, survives="kinds other than those written here are refused before LangGraph's serializer sees them"),
    Mutation("any kind is read", "engine/serializer.py", "        if kind not in KINDS:\n", "        if False:\n", SERIALIZER),
    Mutation("values named anew are swept", "engine/checkpointing/changes.py", "    if table is BLOBS and isinstance(insert, postgresql.Insert):\n", "    if False:\n", PRUNING, needs_postgresql=True),
    Mutation("the sweep does not look again", "engine/checkpointing/pruning.py", "select(BLOBS.c.name).where(same, seen == bindparam(\"seen\"))", "select(BLOBS.c.name).where(same)", PRUNING, needs_postgresql=True),
    Mutation("the sweep waits for writers", "engine/checkpointing/pruning.py", "skip_locked=True", "skip_locked=False", PRUNING, needs_postgresql=True),
    Mutation("the sweep overlooks a copy", "engine/checkpointing/pruning.py", "    await tx.execute(held.with_for_update(read=True))", "    _ = held", PRUNING, needs_postgresql=True),
    Mutation("all that waits is looked through each time", "engine/checkpointing/coming.py", "        if count == 0 or below is not record:\n", "        if True:\n", COMING),
    Mutation("what waits is laid over something else", "engine/checkpointing/coming.py", "        if count == 0 or below is not record:\n", "        if count == 0:\n", COMING),
    Mutation("what has ended still waits", "engine/checkpointing/coming.py", "        self._seen.pop(key, None)\n", "", COMING),
    Mutation("bytes that still change are remembered", "engine/checkpointing/encoding.py", "return Small(kind, bytes(body))", "return Small(kind, body)", ODD),
    Mutation("what is known of a parent is taken for all", "engine/checkpointer.py", "        if parent is not None and not parent.family:\n", "        if False:\n", WRITERS),
    Mutation("an older memory is taken for the database", "engine/checkpointing/store.py", "            self._heads.found(place, checkpoint_id)\n", "            pass\n", WRITERS),
    Mutation("another connection's count is believed", "engine/checkpointing/lanes.py", "            self._count_opened += 1\n", "", WRITERS),
    Mutation("decoded for another serializer", "engine/checkpointing/tuples.py", " or node.plain[0] is not serde", "", ODD),
    Mutation("decoded as another kind", "engine/checkpointing/tuples.py", " or node.plain[1] != value.kind", "", ODD),
    Mutation("calls come in while all is closed", "engine/checkpointing/store.py", "        if self._database.is_closing:\n", "        if False:\n", CLOSING),
    Mutation("reads come in while all is closed", "engine/checkpointing/lanes.py", "    if database.is_closing:\n", "    if False:\n", CLOSING),
    Mutation("what builds on a refused call is stored later", "engine/checkpointing/store.py", "                series.failure = series.failure or error\n", "                pass\n", CLOSING),
    Mutation("a closed connection keeps its lock", "engine/checkpointing/lanes.py", "            if connection.in_transaction:  # a statement", "            if False:  # a statement", CLOSING),
    Mutation("who is stopped before it begins tells nobody", "engine/checkpointing/group_commit.py", "            self._task.add_done_callback(self._stopped)\n", "", CLOSING),
    Mutation("threads wait for a loop that has ended", "engine/checkpointing/sync.py", "if not self._loop.is_running() and call.cancel():", "if False:", CLOSING),
    Mutation("keys of several types are not sorted", "engine/columns.py", "        return _ENCODER.encode(json.loads(json.dumps(value)))\n", "        raise\n", ODD),
    Mutation("what is decoded does not count", "engine/checkpointing/records.py", " + sum(chain[-1].length() for chain in chains)", "", HEADS),
    Mutation("writes do not count", "engine/checkpointing/heads.py", "            self._grow(place, sum(", "            self._grow(place, 0 * sum(", HEADS),
    Mutation("half a character becomes a question mark", "engine/serializer.py", "option=_OPTION & ~ormsgpack.OPT_REPLACE_SURROGATES", "option=_OPTION", SERIALIZER),
    Mutation("half a character inside an object", "engine/serializer.py", '"_msgpack_enc": _packed', '"_msgpack_enc": jsonplus._msgpack_enc', SERIALIZER),
    Mutation("an error with half a character is not told", "engine/serializer.py", "form.encode(errors=\"replace\").decode() if isinstance(form, str) else form", "form", SERIALIZER),
    Mutation("any type is revived", "engine/serializer.py", "allowed_msgpack_modules=None", "allowed_msgpack_modules=True", SERIALIZER),
    # transactions, leases, wake-ups
    Mutation("no rollback", "engine/database.py", "            result = driven(body(transaction))\n", "            try:\n                result = driven(body(transaction))\n            except Exception:\n                cursor.execute('COMMIT')\n                raise\n", TRANSACT),
    Mutation("callbacks before the commit", "engine/transactions.py", "        self._callbacks.append(callback)\n", "        callback()\n", f"{TRANSACT} tests/engine/test_wakeups.py"),
    Mutation("cut off in the commit", "engine/database.py", "            return await to_the_end(self._transact(body))\n", "            return await self._transact(body)\n", TRANSACT),
    Mutation("a new beginning is told by nobody after a death", R, "                if not isinstance(here, Failed):\n                    self._restarted = await self._started_over()  # by a driver that was cut off after it\n", "", CODE),
    Mutation("what a task beside it was answered is taken back", R, "row.task_id in unfinished and ", "unfinished and ", CODE),
    Mutation("a memory's question stays asked by old code", S, "if row is not None and self._is_anew and not self._workflow.fingerprint.matches(row.code):", "if False:", "tests/engine/test_unusual_nodes.py"),
    Mutation("a memory inside a memory is forgotten", "engine/insides.py", ' or namespace.startswith(f"{node}|")', "", "tests/engine/test_unusual_nodes.py"),
    Mutation("what is asked again at once is answered again", S, " and row.id not in self._closed", "", "tests/engine/test_unusual_nodes.py"),
    Mutation("a task's question is taken for a graph's", "engine/insides.py", "asker = askers.get(name, task.id)", "asker = task.id", "tests/engine/test_unusual_nodes.py"),
    Mutation("the mark of a handled error is left out", "engine/checkpointing/encoding.py", "frozenset({*WRITES_IDX_MAP, ERROR_SOURCE_NODE})", "frozenset(WRITES_IDX_MAP)", "tests/engine/test_unusual_nodes.py"),
    Mutation("a handled error is asked about", "engine/pending.py", "    if not left_out:\n", "    if True:\n", "tests/engine/test_unusual_nodes.py"),
    Mutation("what was sent is edited at a breakpoint", P, "    editable = {} if any(map(_is_sent, snapshot.tasks)) else look.editable\n", "    editable = look.editable\n", "tests/engine/test_unusual_nodes.py"),
    Mutation("a new beginning waits at its breakpoint again", R, 'each.kind in ("before", "after")', 'each.kind == "after"', "tests/engine/test_unusual_nodes.py"),
    Mutation("an edit is answered for by who may not", S, " and same_people(workflow.policy_for(now.question.shown), policy)", "", "tests/engine/test_unusual_nodes.py"),
    Mutation("an answered question is made another level's", "engine/vouching.py", "    if asks_others and any(each.counts_in_step(pause, unfinished) for each in vouched):\n", "    if False:\n", "tests/engine/test_unusual_nodes.py"),
    Mutation("a panic leaves the runner", T, "        except BaseException as error:  # some libraries' panics are no Exception\n", "        except Exception as error:\n", "tests/engine/test_unusual_nodes.py"),
    Mutation("what may have been done is told as withdrawn", "engine/desk.py", "NOT_KNOWN if was_sent else DEADLINE_PASSED", "DEADLINE_PASSED", "tests/engine/test_unusual_nodes.py"),
    Mutation("what was cut off beside what is void waits", R, "                if isinstance(outcome, Void) and is_cut_short(outcome.here):\n", "                if False:\n", CODE),
    Mutation("a read that failed is a node's error", "engine/checkpointer.py", "                self._series.failure = self._series.failure or error\n", "                pass\n", "tests/engine/test_cut_off.py"),
    Mutation("what a dead release asked is today's", S, "is_known = self._is_anew or", "is_known = self._restarted is not None or", "tests/engine/test_unusual_nodes.py"),
    Mutation("a question stays with a task that is gone", S, "        if row is not None and pause.kind == \"dynamic\" and pause.tasks and row.task_id != pause.tasks[0]:\n", "        if False:\n", "tests/engine/test_unusual_nodes.py"),
    Mutation("what was never sent binds others", R, "row.attempts or (found is not None and row.id == found[0].id)", "True", "tests/engine/test_unusual_nodes.py"),
    Mutation("what a handler has done is done again", "engine/pending.py", " or (task_id in over and channel in (ERROR, ERROR_SOURCE_NODE))", "", "tests/engine/test_unusual_nodes.py"),
    Mutation("a handler's question is nobody's", "engine/pending.py", "(channel == ERROR or (channel == INTERRUPT and not asked.issuperset(each.id for each in value)))", "channel == ERROR", "tests/engine/test_unusual_nodes.py"),
    Mutation("two processes hold one lease", "engine/leases.py", "pg_try_advisory_lock(", "pg_try_advisory_lock_shared(", LEASES, needs_postgresql=True),
    Mutation("a lease is never given back", "engine/leases.py", "                await self._ask(self._connection, _RELEASE, number=_number(lease.key))\n", "", LEASES, needs_postgresql=True),
    Mutation("leases outlive their connection", "engine/leases.py", "            lease.mark_lost()\n        self._taken.clear()\n        with suppress", "            pass\n        self._taken.clear()\n        with suppress", LEASES, needs_postgresql=True),
    Mutation("two append to the chain at once", "engine/audit.py", "pg_advisory_xact_lock(", "pg_advisory_xact_lock_shared(", AUDIT, needs_postgresql=True),
    Mutation("a run is taken while it is written", "engine/runs.py", "    .with_for_update(read=True)\n", "", GUARDS, needs_postgresql=True),
    Mutation("two migrate at once", "engine/migrations/__init__.py", "pg_advisory_xact_lock(", "pg_advisory_xact_lock_shared(", "tests/engine/test_migrations.py", needs_postgresql=True),
    Mutation("two processes on one file", "engine/opening.py", "            await leases.open()\n", "            pass\n", "tests/engine/test_leases.py tests/engine/test_desk.py tests/bot/test_cli.py"),
    Mutation("a wake-up is forgotten while one runs", "engine/wakeups.py", "            self._again.add((kind, key))\n", "", WAKEUPS),
    # for authors of workflows
    Mutation("an answer to anything", "engine/gate.py", 'if not is_answer(given) or given["for"] != asking["digest"]:', "if not is_answer(given):", GATE),
    Mutation("one key for every answer", "engine/gate.py", '"answered": answered, ', "", KEY),
    Mutation("one key for every task", "engine/gate.py", '"task": place, ', "", KEY),
    Mutation("one key for every purpose", "engine/gate.py", ', "purpose": purpose', "", KEY),
    # the doors
    Mutation("no signature", "bot/web.py", "        return verifier.is_valid(raw, timestamp, signature)\n", "        return True\n", WEB),
    Mutation("any timestamp", "bot/web.py", "    if not timestamp or not _TIMESTAMP.fullmatch(timestamp):\n        return False\n", "", f"{WEB} tests/faults/test_requests.py"),
    Mutation("any size", "bot/web.py", "client_max_size=MAX_BODY_BYTES", "client_max_size=MAX_BODY_BYTES * 100", WEB),
    Mutation("a button with any digest", "bot/payloads.py", '_matching(parts["d"], _DIGEST))', 'str(parts["d"]))', PAYLOADS),
    Mutation("failed lookups let through", "bot/people.py", "        if own is None or user.get(\"id\") != user_id:\n            return UNCHECKED\n", "        if own is None or user.get(\"id\") != user_id:\n            return None\n", PEOPLE),
    Mutation("other workspaces may", "bot/people.py", "        if team_id != own.team_id or user.get(\"team_id\", own.team_id) != own.team_id:\n", "        if False:\n", PEOPLE),
    Mutation("guests may", "bot/people.py", '        if user.get("is_restricted") or user.get("is_ultra_restricted"):\n', "        if False:\n", PEOPLE),
    Mutation("the deactivated may", "bot/people.py", '        if user.get("deleted"):\n', "        if False:\n", PEOPLE),
    Mutation("what was approved long ago is carried out", R, "        if delivery.is_too_late(self._policy_of(delivery), now=self._ledger.database.now()):\n            return Void(here, why=TOO_LATE)\n", "", CARRYING_OUT),
    Mutation("to reject can be too late", "engine/policy.py", "    if verdict is Verdict.REJECT or policy.carry_out_within_s is None:\n", "    if policy.carry_out_within_s is None:\n", CARRYING_OUT),
    Mutation("what was given ahead holds for ever", "engine/resuming.py", "        raise NotAllowed(TOO_OLD)\n", "        pass\n", CARRYING_OUT),
    Mutation("the server's time is never asked", "engine/database.py", "                await to_the_end(self.on_thread(lambda: self._migrate(steps)))\n        await self.ask_time()\n", "                await to_the_end(self.on_thread(lambda: self._migrate(steps)))\n", CLOCKS),
    Mutation("the ledger goes by this machine's clock", "engine/database.py", "        return self._clock.now()\n", "        from engine.clock import utc_now\n        return utc_now()\n", CLOCKS),
    Mutation("ids go by the clock alone", "engine/checkpointer.py", "        not_before(record.checkpoint_id)\n", "", CLOCKS),
    Mutation("starts at one moment are counted apart", "engine/desk.py", "        await audit.lock(transition.tx)\n", "", DESK, needs_postgresql=True),
    Mutation("starts are not counted", "engine/desk.py", "        if made > workflow.starts_per_minute:\n            raise TooManyStarts\n", "", "tests/engine/test_desk.py"),
    Mutation("one person counts twice", "engine/endorsing.py", "    others = [endorser(row) for row in same if row.actor_id != actor.id]\n    if len(others) < len(same) and len(others) + 1 < required:\n        raise AlreadyEndorsed\n", "    others = [endorser(row) for row in same]\n", ENDORSING),
    Mutation("two who approve at once do not see each other", "engine/endorsing.py", "    await transition.show(asked.view.run_id)\n", "", ENDORSING, needs_postgresql=True),
    Mutation("who was taken off the list still counts", "engine/pictures.py", "    return refusal(asked.view.policy, actor=endorser(row), requested_by=asked.requested_by) is None\n", "    return True\n", ENDORSING),
    Mutation("an edit needs nobody else", "engine/policy.py", "    least = 2 if is_typed and policy.edit_requires_second_approver else 1\n", "    least = 1\n", ENDORSING),
    Mutation("one is enough", "engine/deciding.py", "        if count < wanted:\n", "        if False:\n", ENDORSING),
    Mutation("different answers are added up", "engine/endorsing.py", "row for row in rows if row.answer_digest == digest and still_counts(asked, row)", "row for row in rows if still_counts(asked, row)", ENDORSING),
    Mutation("an altered endorsement is agreed with", "engine/endorsing.py", "        or answer_digest(answer) != row.answer_digest\n", "", ENDORSING),
    Mutation("an endorsement without an entry counts", "engine/endorsing.py", "        if not all(row.actor_id in last and _is_told(asked, last[row.actor_id], row) for row in same):\n", "        if False:\n", ENDORSING),
    Mutation("a click that was taken back counts again", "engine/endorsing.py", "request_key in _keys(rows, actor=actor):", "False:", ENDORSING),
    Mutation("the same people, however many", "engine/policy.py", "_without_times(one) == _without_times(other)", "(one.users, one.groups) == (other.users, other.groups)", ENDORSING),
    Mutation("words count as nothing typed", "engine/questions/question.py", " or bool(reason.strip())", "", ENDORSING),
    Mutation("approved after the deadline", "engine/approvals.py", "_HOLD = _DECIDE.values(status=PENDING)", "_HOLD = update(approvals).where(approvals.c.id == bindparam(\"approval_id\")).values(status=PENDING)", ENDORSING),
    Mutation("a value given ahead stands for several", "engine/resuming.py", "    if required(asked.view.policy, decided.option.verdict, is_typed=is_typed) > 1:\n", "    if False:\n", ENDORSING),
    Mutation("acknowledged before it is decided", "bot/listeners/actions.py", '        await _decide(click, Choice("approve"), await _actor(click, parts=parts), parts=parts)\n        await ack()\n', '        await ack()\n        await _decide(click, Choice("approve"), await _actor(click, parts=parts), parts=parts)\n', "tests/bot/test_listeners.py", survives="with process_before_response Bolt sends the ack when the listener returns, wherever it stands in it"),
    Mutation("an empty secret starts", "bot/settings.py", "    if secret is not None and not secret.get_secret_value().strip():\n", "    if False:\n", "tests/bot/test_settings.py"),
    Mutation("a broken trail goes on", "engine/ledger.py", "        if self.is_halted:\n", "        if False:\n", AUDIT),
    Mutation("a broken trail is taken up", "engine/runner.py", "        if self._ledger.is_halted:\n            return None\n", "", AUDIT),
    Mutation("carried on before the witness has looked", "bot/main.py", "            await witness.looked.wait()\n", "            await asyncio.sleep(0)\n", WITNESS),
    Mutation("a decision goes with a failure", "engine/settling.py", "[row for row in gone if not self._is_put_off(row, pauses)]", "gone", FAILURES),
    # the connection that many share
    Mutation("commits need not last", "engine/connections.py", '_DURABLE = "SET synchronous_commit = on"', '_DURABLE = "SET synchronous_commit = off"', PIPELINES),
    Mutation("each statement for itself", "engine/pipelines.py", "                self._libpq.send_query_prepared(self._names[call.sql], params, formats, Format.BINARY)\n            self._libpq.pipeline_sync()\n", "                self._libpq.send_query_prepared(self._names[call.sql], params, formats, Format.BINARY)\n                self._libpq.pipeline_sync()\n", PIPELINES),
    # what people see
    Mutation("posted, then written down", "bot/mirror.py", "        elif await self._adopt(run, wanted, posting, posted):\n            return\n", "", MIRROR),
    Mutation("links are unfurled", "bot/mirror.py", "                unfurl_links=False,\n", "                unfurl_links=True,\n", MIRROR),
    Mutation("a deleted card stays away", "bot/mirror.py", "GONE: Final = frozenset({\"message_not_found\", \"cant_update_message\"})", "GONE: Final = frozenset({\"nothing\"})", MIRROR),
    Mutation("markup is live", "bot/inert.py", '{"&": "&amp;", "<": "&lt;", ">": "&gt;"}', '{"&": "&amp;"}', INERT),
    Mutation("direction marks are not shown", "bot/inert.py", '{"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}', '{"Cc", "Cs", "Co", "Zl", "Zp"}', INERT),
)  # fmt: skip
