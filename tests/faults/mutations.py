"""Edits of the safe core, each of which takes a guard away: the test that is named has to fail for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Mutation:
    """One edit: in `file` the text `old`, which is there once, becomes `new`.

    `tests` is the test that notices, or the files that would have it. They run on SQLite, which starts at once, and on
    PostgreSQL too where the edit `needs_postgresql`: what several processes write at once is put in order by locks
    there, while SQLite has one writer anyway. `survives` says why no test can tell the difference; "" when one has to.
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
    Mutation("decide without the status", A, "        approvals.c.status == PENDING,\n        approvals.c.revision == bindparam", "        approvals.c.revision == bindparam", f"{GUARDS}::test_t02_only_a_pending_question_is_decided_or_expires"),
    Mutation("decide whatever the revision", A, '        approvals.c.revision == bindparam("seen_revision"),\n', "", f"{GUARDS}::test_t15_only_what_was_seen_is_decided"),
    Mutation("decide whatever the digest", A, '        approvals.c.digest == bindparam("seen_digest"),\n', "", f"{GUARDS}::test_t15_only_what_was_seen_is_decided"),
    Mutation("decide after the deadline", A, 'approvals.c.expires_at > bindparam("now"))', 'approvals.c.expires_at != bindparam("now"))', f"{GUARDS}::test_a_deadline_is_a_limit_for_both"),
    Mutation("expire what is decided", A, "        approvals.c.id == approval_id, approvals.c.status == PENDING, approvals.c.expires_at <= now\n", "        approvals.c.id == approval_id, approvals.c.expires_at <= now\n", f"{GUARDS}::test_t02_only_a_pending_question_is_decided_or_expires"),
    Mutation("close what is closed", A, "    .where(approvals.c.id == bindparam(\"approval_id\"), _IS_OPEN)\n", "    .where(approvals.c.id == bindparam(\"approval_id\"))\n", f"{GUARDS}::test_only_an_open_question_is_closed"),
    Mutation("count no attempts", A, ".values(attempts=approvals.c.attempts + 1)", ".values(attempts=approvals.c.attempts)", f"{SHAPES}::test_whichever_commit_is_the_last_the_story_ends_the_same"),
    Mutation("deliver beside an error", A, '[row for row in rows if row.pause == "error"] or rows', "rows", f"{FAILURES}::test_what_waits_beside_an_error_waits_for_it"),
    # what a click has to pass
    Mutation("no policy", D, "    if refused := refusal(asked.view.policy, actor=actor, requested_by=asked.requested_by):\n        raise refused\n", "", f"{DESK}::test_t14_two_levels_in_one_node_are_two_questions_with_their_own_deciders"),
    Mutation("any option", D, "    if found is None:\n        raise UnknownOption\n", "    found = found or asked.view.question.options[0]\n", f"{DESK}::test_an_edited_key_is_not_offered_again_at_the_same_checkpoint"),
    Mutation("no reason needed", D, "option.reason is ReasonWanted.REQUIRED and not", "False and not", "tests/bot/test_listeners.py::test_an_option_asks_for_its_reason"),
    Mutation("an edit of nothing", D, "if option.form is not None and is_idle:", "if False:", "tests/journeys/test_review.py::test_an_edit_of_nothing_is_told"),
    Mutation("a repeat of anybody", D, "        actor.id,\n        seen.digest,\n    )", "        decided.actor_id,\n        seen.digest,\n    )", f"{DESK}::test_t14_a_second_click_by_the_same_person_is_refused_and_written_down"),
    Mutation("the state's type unheard", D, "    if given.update and asked.workflow", "    if False and asked.workflow", "tests/engine/test_vouching.py::test_an_edit_that_the_state_refuses_decides_nothing"),
    Mutation("approve one's own", "engine/policy.py", "    if actor.id == requested_by and not policy.allow_self:\n        return SelfApproval()\n", "", f"{POLICY}::test_who_may_decide"),
    Mutation("nobody listed means everybody", "engine/policy.py", '        return NotAllowed("Nobody may decide this: no approvers are set for this workflow.")', "        return None", f"{POLICY}::test_who_may_decide"),
    Mutation("outsiders may", "engine/policy.py", "    if not covers(policy, actor):\n        return NotAllowed()\n", "", f"{POLICY}::test_who_may_decide"),
    Mutation("barred people may", "engine/policy.py", "    if actor.barred:\n        return NotAllowed(actor.barred)\n", "", f"{POLICY}::test_who_may_decide"),
    # what is written down with a decision
    Mutation("no audit entry of a decision", "engine/recording.py", "    note(transition, asked, EventKind.DECIDED, actor=actor, values=values, **more)\n", "", f"{DESK}::test_t14_two_levels_in_one_node_are_two_questions_with_their_own_deciders"),
    Mutation("no wake-up", "engine/recording.py", "    await transition.wake(Kind.RUN, view.run_id)\n", "", f"{DESK}::test_t14_two_levels_in_one_node_are_two_questions_with_their_own_deciders"),
    Mutation("the answer's digest of something else", "engine/recording.py", '"answer_digest": answer_digest(decided.answer),', '"answer_digest": view.digest,', "tests/faults/test_checker.py::test_a_clean_trial_is_clean"),
    Mutation("no refusals in the trail", "engine/desk.py", "            transition.note(EventKind.REFUSED, actor=actor, code=error.code, option=RAW.name)\n", "            pass\n", f"{RESUMING}::test_who_may_not_decide_gives_no_values"),
    Mutation("sealed outside", "engine/ledger.py", "            result = await body(transition)\n            await self._seal(transition)\n", "            result = await body(transition)\n", f"{DESK}::test_t14_two_levels_in_one_node_are_two_questions_with_their_own_deciders"),
    Mutation("the chain skips a hash", "engine/audit.py", '        "previous": previous,\n', '        "previous": GENESIS,\n', "tests/engine/test_audit.py::test_an_untouched_chain_verifies"),
    Mutation("the seal leaves out the detail", "engine/audit.py", 'if name != "hash"}', 'if name not in ("hash", "detail")}', "tests/engine/test_audit.py::test_a_changed_chain_names_the_first_entry_that_does_not_fit"),
    Mutation("verify without the hash", "engine/audit.py", " or row.hash != _seal(row._asdict())", "", "tests/engine/test_audit.py::test_a_changed_chain_names_the_first_entry_that_does_not_fit"),
    Mutation("verify without the order", "engine/audit.py", "row.seq != seq + 1 or ", "", "tests/engine/test_audit.py::test_a_gap_in_the_numbers_is_found"),
    # the protocol of a delivery
    Mutation("the digest is not compared before sending", R, "if pause is None or read_pause(self._workflow, pause).digest != delivery.approval.digest:", "if pause is None:", "tests/engine/test_altered.py::test_t04_an_interrupt_that_was_altered_gets_no_answer"),
    Mutation("answer at once the second time", R, "        if delivery.approval.attempts == 0:\n", "        if True:\n", f"{RUNNER}::test_sent_but_not_written_down_is_not_sent_again"),
    Mutation("an update is sent again", R, "items() if k not in updated}", "items()}", f"{RUNNER}::test_an_update_that_was_stored_is_not_sent_again"),
    Mutation("the second sending compares nothing", R, 'if pause.kind == "dynamic" and not delivery.is_of(pause, self._workflow, policy=policy):', "if False:", f"{RUNNER}::test_content_that_changed_meanwhile_voids_the_answer"),
    Mutation("no look after an edit", R, "            if not delivery.is_of(edited, self._workflow, policy=self._policy_of(delivery)):\n                return Void(here)\n", "", "tests/engine/test_vouching.py::test_an_edit_that_brings_up_another_question_does_not_answer_it"),
    Mutation("no fence when settling", R, "            await self._hold(transition.tx)\n", "", f"{GUARDS}::test_f09_what_a_driver_came_to_is_void_once_somebody_else_has_the_run"),
    Mutation("no lease", "engine/runner.py", "            if lease is None:\n                return\n", "", f"{RUNNER}::test_a_second_driver_returns_while_the_first_holds_the_run"),
    Mutation("old code is not seen", R, "            if self._is_outdated(here) and not is_held:\n", "            if False:\n", f"{CODE}::test_t05_what_waits_is_asked_anew_by_the_new_code"),
    Mutation("a release runs what has failed", R, "is_held = is_asked_about(here) or (\n", "is_held = (\n", f"{RELEASES}::test_what_failed_runs_again_only_when_somebody_wants_it"),
    Mutation("what nobody wrote down is of today's code", R, "        return frozenset() if is_ours else frozenset(unwritten)\n", "        return frozenset()\n", f"{RELEASES}::test_t05_a_question_that_nobody_wrote_down_is_asked_by_the_new_code"),
    Mutation("a failure of other code is of today's", S, "if is_known else UNKNOWN_CODE,", ",", f"{RELEASES}::test_t05_a_second_question_that_nobody_wrote_down_gets_no_answer"),
    Mutation("a new beginning passes a breakpoint", T, 'while (snapshot.metadata or {}).get("source") == "fork"', "while False", f"{RELEASES}::test_t05_no_release_passes_a_breakpoint"),
    Mutation("an answer to the new beginning is void", T, "        return all(task.id != task_id for task in", "        return True or all(task.id != task_id for task in", f"{RELEASES}::test_an_answer_that_was_taken_after_a_step_began_anew_is_told_so"),
    Mutation("an edit stays behind", R, "update=await self._left(delivery))", "update=None)", f"{RELEASES}::test_an_edit_outlives_a_death_between_the_new_beginning_and_itself"),
    Mutation("answers stay in a graph inside", T, "            raise KeptInside\n", "            pass\n", f"{RELEASES}::test_t05_a_graph_inside_that_keeps_its_answers_gives_none_to_new_code"),
    Mutation("damage is read", "engine/checkpointing/packing.py", "        if found != _checksum(about, plain):\n", "        if False:\n", "tests/engine/test_checkpointer.py::test_f13_each_of_500_flipped_bits_is_found"),
    Mutation("a stop is not heard", "engine/transactions.py", "    if cancelled is not None:\n", "    if cancelled is not None and task.exception() is None:\n", "tests/engine/test_transact.py::test_who_is_cancelled_ends_though_the_database_fails"),
    Mutation("what was rolled back counts as committed", "engine/database.py", "                    raise_if_aborted(cursor.connection)\n", "                    pass\n", "tests/engine/test_transact.py::test_nothing_is_committed_after_a_statement_that_failed"),
    Mutation("listeners do not wait", "bot/bolt.py", "    if _IS_NEW in context and not await context[_IS_NEW]:\n", "    if False:\n", "tests/bot/test_bolt.py::test_no_listener_sees_what_is_not_new"),
    Mutation("old code at breakpoints only", R, "            pause.kind not in TROUBLES\n", '            pause.kind in ("before", "after")\n', f"{CODE}::test_t05_what_waits_is_asked_anew_by_the_new_code"),
    Mutation("two releases take questions from each other", "engine/approvals.py", "approvals.c.asked_at < before", "approvals.c.asked_at != before", f"{CODE}::test_f18_two_releases_at_once_come_to_rest", needs_postgresql=True),
    Mutation("outdated runs are not woken", "engine/runner.py", "outdated = [] if self._is_current else await self._outdated(tx)", "outdated: list[str] = []", f"{CODE}::test_t05_what_waits_is_asked_anew_by_the_new_code"),
    Mutation("delivered though the place is gone", R, "        if _is_gone(here):\n            return Void(here, why=PLACE_GONE)\n", "", f"{CODE}::test_t05_a_decision_on_its_way_is_withdrawn_when_its_step_is_gone"),
    Mutation("look again runs on", R, '        if delivery.approval.pause == "gone":\n', "        if False:\n", f"{CODE}::test_t05_a_missing_step_parks_the_run"),
    Mutation("ask again is a retry", R, "        if delivery.decision.option == ASK_AGAIN.name:\n            return TAKEN_BACK\n", "", f"{CODE}::test_f16_a_poisoned_thread_is_repaired_with_one_click"),
    Mutation("a retry under new code keeps the answers", R, "return None if is_same and not self._is_outdated(here) else CODE_CHANGED", "return None", f"{CODE}::test_f16_repaired_code_asks_again_instead_of_guessing"),
    Mutation("reject at a breakpoint goes on", R, "        if delivery.stops_the_run:\n", "        if False:\n", f"{DESK}::test_a_static_breakpoint_is_approved_edited_or_stops"),
    Mutation("the fence never moves", "engine/runs.py", "    .values(fence=runs.c.fence + 1)\n", "    .values(fence=runs.c.fence)\n", f"{RUNNER}::test_f09_a_driver_without_its_fence_writes_nothing"),
    Mutation("the fence is not looked at", "engine/runs.py", '        runs.c.fence == bindparam("fence"),\n', "", f"{RUNNER}::test_f09_a_driver_without_its_fence_writes_nothing"),
    Mutation("an ended run can be held", "engine/runs.py", "        _IS_UNFINISHED,\n", "", f"{GUARDS}::test_f09_a_run_is_held_by_its_last_driver_and_while_it_goes_on"),
    Mutation("not strict", T, "CONFIG_KEY_STRICT_RESUME: True", "CONFIG_KEY_STRICT_RESUME: False", f"{RUNNER}::test_t15_an_answer_to_an_unknown_interrupt_writes_nothing"),
    Mutation("a plain answer", T, "Command(resume={pause.interrupt_id: value})", "Command(resume=value)", f"{HISTORIES}::test_t02_f24_the_engine_agrees_with_the_model"),
    Mutation("not durable at each step", T, 'durability="sync"', 'durability="exit"', "tests/faults/test_kills.py::test_f01_f25_killed_at_each_point_of_the_engine"),
    Mutation("a lost write is no failure", T, "            if failure is not None:", "            if False:", f"{FAILURES}::test_an_error_that_could_not_be_stored_ends_no_run"),
    Mutation("a missing node is not seen", T, "            gone=self._gone(stored),\n", "", f"{CODE}::test_t05_a_missing_step_parks_the_run"),
    Mutation("what is done is done again", T, "            elif task_id in renamed:\n", "            elif False:\n", f"{CODE}::test_t05_what_is_done_beside_it_stays_done"),
    Mutation("a fork keeps the answers", "engine/pending.py", "is_kept = channel not in CONTROL or", "is_kept = channel != INTERRUPT or", f"{CODE}::test_t05_what_waits_is_asked_anew_by_the_new_code"),
    # what driving came to
    Mutation("a lost answer is asked for again", S, "        elif row is not None and await self._is_lost(pause, row, digest):\n", "        elif False:\n", f"{HISTORIES}::test_faults_within_one_step_change_nothing"),
    Mutation("a changed question keeps its revision", S, "ask_anew(self._tx, approval_id, values)", "ask_anew(self._tx, approval_id, {**values, 'revision': row.revision})", f"{RUNNER}::test_content_that_changed_meanwhile_voids_the_answer"),
    Mutation("an answer goes out beside an error", S, 'return self.approval.pause == "dynamic" and is_asked_about(here)', "return False", f"{INSIDE}::test_beside_an_error_a_decision_waits_and_is_not_sent_again"),
    Mutation("what is taken inside is asked still", P, "            is_taken=interrupt.id in look.taken,\n", "", "tests/engine/test_failed_releases.py::test_t05_a_release_that_is_rolled_back_asks_nothing_that_has_its_answer"),
    Mutation("what is cut off beside a question waits", P, "(here.is_cut_short or any(", "(any(", "tests/engine/test_cut_off.py::test_it_goes_on_when_the_run_is_taken_up"),
    Mutation("a graph inside that has ended looks hidden", T, "has_silent(whole, writes)", "has_silent(snapshot, writes)", "tests/engine/test_cut_off.py::test_it_goes_on_when_the_run_is_taken_up"),
    Mutation("a breakpoint inside is passed beside a question", "engine/insides.py", '                return bool(namespace == "")\n', "                return True\n", "tests/engine/test_cut_off.py::test_a_breakpoint_of_a_hidden_graph_looks_the_same_and_holds"),
    Mutation("an answer that nobody took counts", T, "        if left and self._begun.isdisjoint(each.task_id for each in left):\n            raise StaleQuestion\n", "", f"{INSIDE}::test_an_answer_that_nobody_took_is_told_so"),
    Mutation("part of a node's writes is all of them", "engine/checkpointer.py", "left_by_failed(writes) if self._guard is not None else writes", "writes", "tests/engine/test_cancelled.py", survives="the error of a task that has written something is left out since, so only one that was cut off between two of its writes could tell"),
    Mutation("an error that was caught stays", P, "has_gone_past = not task.error and bool(questions([task]) - _asked_inside(task))", "has_gone_past = False", f"{INSIDE}::test_an_answer_that_was_taken_counts_however_the_node_goes_on"),
    Mutation("a no to other code's breakpoint ends nothing", R, "delivery.is_over(here) or delivery.stops_the_run", "delivery.is_over(here)", "tests/engine/test_releases.py::test_t05_a_no_at_a_breakpoint_ends_the_run_whatever_the_release"),
    Mutation("a question that is repeated is asked twice", P, "{each.id: each for each in root.interrupts}.values()", "root.interrupts", "tests/engine/test_errors_inside.py::test_each_question_inside_is_asked_once"),
    Mutation("what a node had from a graph is asked again", P, "isinstance(task.state, StateSnapshot) and task.state.tasks:", "isinstance(task.state, StateSnapshot):", "tests/engine/test_errors_inside.py::test_each_question_inside_is_asked_once"),
    Mutation("errors inside a task that is done stay", "engine/pending.py", "        else task._replace(error=None, state=None)\n", "        else task\n", "tests/engine/test_errors_inside.py"),
    Mutation("what is handled inside a graph stays", "engine/insides.py", "        state = await self.without_over(task.state, waiting, pending.writes_of(stored))\n", "        state = task.state\n", "tests/engine/test_errors_inside.py"),
    Mutation("what a node repeats from before has gone past an error", "engine/insides.py", "return task._replace(state=state, interrupts=asked)", "return task._replace(state=state)", INSIDE),
    Mutation("what a node repeats is its own question", P, "bool(questions([task]) - _asked_inside(task))", "bool(questions([task]))", f"{INSIDE}::test_an_error_that_the_graph_around_never_heard_of_loses_no_answer"),
    Mutation("what a graph inside lost counts as taken", R, "            here = await self._carry_on(here, passed=gates)\n", "            return await self._carry_on(here, passed=gates)\n", f"{INSIDE}::test_an_error_that_the_graph_around_never_heard_of_loses_no_answer"),
    Mutation("a hand-off is told as not taken", T, " and self._begun.isdisjoint(each.task_id for each in left)", "", f"{INSIDE}::test_an_answer_that_was_taken_counts_however_the_node_goes_on"),
    Mutation("what an edit made needless is told as taken", S, "is_known = not has_failed and not self._is_edited", "is_known = not has_failed", f"{INSIDE}::test_a_decision_that_an_edit_has_made_needless_is_not_told_as_taken"),
    Mutation("cancelled nodes are not waited for", T, "            await self._saver.at_rest()\n", "", f"{INSIDE}::test_what_a_cancelled_node_had_is_stored_before_the_thread_is_looked_at"),
    Mutation("values go on past a question that is asked anew", S, "                await drop(self._transition, self._run.id, why=CHANGED)  # they are for what comes after it\n", "                pass\n", f"{RESUMING}::test_a_value_never_answers_the_question_before_its_own"),
    Mutation("what was put off is withdrawn", S, "            if was_sent and is_known:\n", "            if False:\n", f"{INSIDE}::test_beside_an_error_a_decision_waits_and_is_not_sent_again"),
    Mutation("questions are never withdrawn", S, "            elif row.status in approvals.OPEN:\n", "            elif False:\n", f"{CODE}::test_t05_what_waits_is_asked_anew_by_the_new_code"),
    Mutation("delivered without an entry", S, "            self._transition.note(\n                EventKind.RESUMED,", "            _ = dict(\n                kind=EventKind.RESUMED,", f"{HISTORIES}::test_t02_f24_the_engine_agrees_with_the_model"),
    Mutation("what others approved may be edited", "engine/vouching.py", "        if not any(_shows(shown, key, value) for shown in others)\n", "", "tests/engine/test_vouching.py::test_a_breakpoint_is_no_way_round_either"),
    Mutation("a breakpoint is passed by itself", P, "    if key in passed:\n        return None\n    value", "    if True:\n        return None\n    value", f"{DESK}::test_a_static_breakpoint_is_approved_edited_or_stops"),
    Mutation("the digest leaves out the state", P, 'asked = {"value": value, "state": dict(state)}', 'asked = {"value": value}', "tests/faults/test_checker.py::test_a_clean_trial_is_clean"),
    # values given ahead
    Mutation("values without a policy", "engine/resuming.py", "    if refused := refusal(asked.view.policy, actor=actor, requested_by=asked.requested_by):\n        raise refused\n", "", f"{RESUMING}::test_the_next_questions_own_policy_holds"),
    Mutation("values that do not fit", "engine/resuming.py", "    if sentence := refusal_of_value(", "    if False and refusal_of_value(", f"{RESUMING}::test_a_breakpoint_takes_true_and_nothing_else"),
    # the checkpointer
    Mutation("writers below the head", "engine/checkpointing/group_commit.py", "failure = StaleWriter() if passed is not None else None", "failure = None", f"{WRITERS}::test_f09_a_writer_below_the_head_is_refused"),
    Mutation("guards are not asked", "engine/checkpointing/group_commit.py", "            failure = answers[entry.guard]\n", "", f"{WRITERS}::test_who_is_refused_stops_nobody_else"),
    Mutation("what builds on a failure is stored", "engine/checkpointing/group_commit.py", "        failure = failure or next((refused[each] for each in entry.after if each in refused), None)\n", "", f"{WRITERS}::test_what_builds_upon_a_refused_call_is_refused_too"),
    Mutation("told before it is durable", "engine/checkpointer.py", "        await self._store.write(encoded, after=after, guard=self._guard, series=self._series)\n        return", "        asyncio.ensure_future(self._store.write(encoded, after=after, guard=self._guard, series=self._series))\n        return", f"{WRITERS}::test_f09_a_writer_below_the_head_is_refused"),
    Mutation("pickles are read", "engine/serializer.py", "pickle_fallback=False", "pickle_fallback=True", SERIALIZER, survives="kinds other than those written here are refused before LangGraph's serializer sees them"),
    Mutation("any kind is read", "engine/serializer.py", "        if kind not in KINDS:\n", "        if False:\n", f"{SERIALIZER}::test_crafted_bytes_run_nothing"),
    Mutation("values named anew are swept", "engine/checkpointing/changes.py", "    if table is BLOBS and isinstance(insert, postgresql.Insert):\n", "    if False:\n", f"{PRUNING}::test_f23_a_copy_that_is_written_while_its_original_goes_keeps_its_values", needs_postgresql=True),
    Mutation("the sweep does not look again", "engine/checkpointing/pruning.py", "select(BLOBS.c.name).where(same, seen == bindparam(\"seen\"))", "select(BLOBS.c.name).where(same)", f"{PRUNING}::test_f23_a_copy_that_is_written_while_its_original_goes_keeps_its_values", needs_postgresql=True),
    Mutation("the sweep waits for writers", "engine/checkpointing/pruning.py", "skip_locked=True", "skip_locked=False", f"{PRUNING}::test_f23_what_is_just_named_anew_is_neither_waited_for_nor_swept", needs_postgresql=True),
    Mutation("the sweep overlooks a copy", "engine/checkpointing/pruning.py", "    await tx.execute(held.with_for_update(read=True))", "    _ = held", f"{PRUNING}::test_a_copy_of_what_is_forgotten_at_that_moment_is_whole", needs_postgresql=True),
    Mutation("all that waits is looked through each time", "engine/checkpointing/coming.py", "        if count == 0 or below is not record:\n", "        if True:\n", f"{COMING}::test_each_call_that_waits_is_looked_at_once"),
    Mutation("what waits is laid over something else", "engine/checkpointing/coming.py", "        if count == 0 or below is not record:\n", "        if count == 0:\n", f"{COMING}::test_what_was_looked_through_is_not_used_for_anything_else"),
    Mutation("what has ended still waits", "engine/checkpointing/coming.py", "        self._seen.pop(key, None)\n", "", f"{COMING}::test_what_was_looked_through_is_not_used_for_anything_else"),
    Mutation("bytes that still change are remembered", "engine/checkpointing/encoding.py", "return Small(kind, bytes(body))", "return Small(kind, body)", f"{ODD}::test_bytes_that_change_later_are_stored_as_they_were"),
    Mutation("what is known of a parent is taken for all", "engine/checkpointer.py", "        if parent is not None and not parent.family:\n", "        if False:\n", f"{WRITERS}::test_what_another_process_has_stored_is_built_upon"),
    Mutation("an older memory is taken for the database", "engine/checkpointing/store.py", "(self._heads.found if found is not None else self._heads.lost)(place, checkpoint_id)", "(self._heads.lost if found is None else lambda *_: None)(place, checkpoint_id)", f"{WRITERS}::test_what_another_process_has_stored_is_built_upon"),
    Mutation("another connection's count is believed", "engine/checkpointing/lanes.py", "            self._count_opened += 1\n", "", f"{WRITERS}::test_what_was_stored_while_the_database_was_closed_is_seen"),
    Mutation("decoded for another serializer", "engine/checkpointing/tuples.py", " or node.plain[0] is not serde", "", f"{ODD}::test_what_one_serializer_has_decoded_is_not_for_another"),
    Mutation("decoded as another kind", "engine/checkpointing/tuples.py", " or node.plain[1] != value.kind", "", f"{ODD}::test_what_one_serializer_has_decoded_is_not_for_another"),
    Mutation("calls come in while all is closed", "engine/checkpointing/store.py", "        if self._database.is_closing:\n", "        if False:\n", f"{CLOSING}::test_what_is_under_way_is_stored_and_what_comes_then_is_refused"),
    Mutation("reads come in while all is closed", "engine/checkpointing/lanes.py", "    if database.is_closing:\n", "    if False:\n", f"{CLOSING}::test_reads_are_refused_while_the_database_is_closed"),
    Mutation("what builds on a refused call is stored later", "engine/checkpointing/store.py", "                series.failure = series.failure or error\n", "                pass\n", f"{CLOSING}::test_a_series_that_was_refused_once_is_refused_later_too"),
    Mutation("a closed connection keeps its lock", "engine/checkpointing/lanes.py", "            if connection.in_transaction:  # a statement", "            if False:  # a statement", f"{CLOSING}::test_a_lock_that_a_connection_holds_goes_with_it"),
    Mutation("who is stopped before it begins tells nobody", "engine/checkpointing/group_commit.py", "            self._task.add_done_callback(self._stopped)\n", "", f"{CLOSING}::test_who_is_stopped_before_its_first_turn_says_so"),
    Mutation("threads wait for a loop that has ended", "engine/checkpointing/sync.py", "if not self._loop.is_running() and call.cancel():", "if False:", f"{CLOSING}::test_a_thread_that_waits_for_a_loop_that_ends_is_told"),
    Mutation("keys of several types are not sorted", "engine/columns.py", "        return _ENCODER.encode(json.loads(json.dumps(value)))\n", "        raise\n", f"{ODD}::test_metadata_with_keys_of_several_types_is_stored_as_json_has_it"),
    Mutation("what is decoded does not count", "engine/checkpointing/records.py", " + sum(chain[-1].length() for chain in chains)", "", f"{HEADS}::test_a_value_counts_twice"),
    Mutation("writes do not count", "engine/checkpointing/heads.py", "            self._grow(place, sum(", "            self._grow(place, 0 * sum(", f"{HEADS}::test_writes_count_as_they_come"),
    Mutation("half a character becomes a question mark", "engine/serializer.py", "option=_OPTION & ~ormsgpack.OPT_REPLACE_SURROGATES", "option=_OPTION", f"{SERIALIZER}::test_half_a_character_is_called_so"),
    Mutation("half a character inside an object", "engine/serializer.py", '"_msgpack_enc": _packed', '"_msgpack_enc": jsonplus._msgpack_enc', f"{SERIALIZER}::test_half_a_character_is_found_in_whatever_is_packed"),
    Mutation("an error with half a character is not told", "engine/serializer.py", "form.encode(errors=\"replace\").decode() if isinstance(form, str) else form", "form", f"{SERIALIZER}::test_an_error_is_told_whatever_stands_in_it"),
    Mutation("any type is revived", "engine/serializer.py", "allowed_msgpack_modules=None", "allowed_msgpack_modules=True", f"{SERIALIZER}::test_crafted_bytes_run_nothing"),
    # transactions, leases, wake-ups
    Mutation("no rollback", "engine/database.py", "            result = driven(body(transaction))\n", "            try:\n                result = driven(body(transaction))\n            except Exception:\n                cursor.execute('COMMIT')\n                raise\n", "tests/engine/test_transact.py::test_a_body_that_raises_is_rolled_back"),
    Mutation("callbacks before the commit", "engine/transactions.py", "        self._callbacks.append(callback)\n", "        callback()\n", "tests/engine/test_transact.py::test_a_body_that_raises_is_rolled_back"),
    Mutation("cut off in the commit", "engine/database.py", "            return await to_the_end(self._transact(body))\n", "            return await self._transact(body)\n", "tests/engine/test_transact.py::test_a_cancelled_caller_leaves_a_whole_transaction"),
    Mutation("a new beginning is told by nobody after a death", R, "                if not isinstance(here, Failed):\n                    self._restarted = await self._started_over()  # by a driver that was cut off after it\n", "", f"{CODE}::test_f16_a_new_beginning_is_told_by_whoever_comes_after_a_death"),
    Mutation("what a task beside it was answered is taken back", R, "row.task_id in unfinished and ", "unfinished and ", f"{CODE}::test_f16_a_poisoned_thread_is_repaired_with_one_click"),
    Mutation("a memory's question stays asked by old code", S, "if row is not None and self._is_anew and not self._workflow.fingerprint.matches(row.code):", "if False:", "tests/engine/test_unusual_nodes.py::test_t05_what_a_graph_with_a_memory_asks_is_asked_anew_once"),
    Mutation("a memory inside a memory is forgotten", "engine/insides.py", ' or namespace.startswith(f"{node}|")', "", "tests/engine/test_unusual_nodes.py::test_t05_an_answer_that_a_memory_keeps_reaches_no_other_question"),
    Mutation("what is asked again at once is answered again", S, " and row.id not in self._closed", "", "tests/engine/test_unusual_nodes.py::test_a_node_that_asks_whatever_was_answered_asks_people_each_time"),
    Mutation("a task's question is taken for a graph's", "engine/insides.py", "asker = askers.get(name, task.id)", "asker = task.id", "tests/engine/test_unusual_nodes.py::test_a_task_asks_beside_a_graph_in_one_node"),
    Mutation("the mark of a handled error is left out", "engine/checkpointing/encoding.py", "frozenset({*WRITES_IDX_MAP, ERROR_SOURCE_NODE})", "frozenset(WRITES_IDX_MAP)", "tests/engine/test_unusual_nodes.py::test_an_error_that_is_handled_is_nobodys_business"),
    Mutation("a handled error is asked about", "engine/pending.py", "left_out, ended = handled(writes, tasks), done(writes)", "left_out, ended = frozenset(), done(writes)", "tests/engine/test_unusual_nodes.py::test_an_error_that_is_handled_is_nobodys_business"),
    Mutation("what was sent is edited at a breakpoint", P, "    editable = {} if any(map(_is_sent, snapshot.tasks)) else look.editable\n", "    editable = look.editable\n", "tests/engine/test_unusual_nodes.py::test_nothing_is_edited_that_was_sent_already"),
    Mutation("a new beginning waits at its breakpoint again", R, 'each.kind in ("before", "after")', 'each.kind == "after"', "tests/engine/test_unusual_nodes.py::test_a_step_that_begins_anew_passes_its_breakpoint_once"),
    Mutation("an edit is answered for by who may not", S, " and same_people(workflow.policy_for(now.question.shown), policy)", "", "tests/engine/test_unusual_nodes.py::test_t12_an_edit_that_asks_others_is_put_to_them"),
    Mutation("early writes that are not remembered are none", "engine/checkpointing/heads.py", "        if was_unheard:  #", "        if False:  #", "tests/engine/checkpointing/test_early.py::test_early_writes_of_a_thread_that_is_not_remembered_are_seen"),
    Mutation("early writes beyond a thousand are none", "engine/checkpointing/heads.py", "                self._unhear(self._early.popitem(last=False)[0])\n", "                self._early.popitem(last=False)\n", "tests/engine/checkpointing/test_early.py::test_early_writes_among_many_are_seen"),
    Mutation("marks beyond a thousand are none", "engine/checkpointing/heads.py", "            self._is_short = True\n", "            pass\n", "tests/engine/checkpointing/test_early.py::test_when_no_more_can_be_noted_nothing_is_taken_for_all"),
    Mutation("a fork leaves the questions open", "engine/checkpointing/encoding.py", "        is_fork or parent is None or bool(_asking(parent))", "        parent is None or bool(_asking(parent))", "tests/engine/checkpointing/test_early.py::test_a_question_is_over_when_its_thread_goes_on_from_before_it"),
    Mutation("what asks inside a node that is done is open", "engine/checkpointing/encoding.py", " or (source == \"update\" and _has_asked(parent))\n", "\n", "tests/engine/checkpointing/test_early.py::test_a_question_is_over_when_its_node_is_said_to_be_done"),
    Mutation("a deleted head is remembered", "engine/checkpointing/store.py", "(self._heads.found if found is not None else self._heads.lost)(place, checkpoint_id)", "self._heads.found(place, checkpoint_id)", "tests/engine/checkpointing/test_early.py::test_what_follows_a_deleted_checkpoint_is_stored_whole"),
    Mutation("an altered decision is sent", R, "            return Void(here, why=TOO_LATE)\n        if not delivery.is_intact:\n", "            return Void(here, why=TOO_LATE)\n        if False:\n", "tests/engine/test_altered.py::test_t04_a_decision_that_was_altered_is_not_sent"),
    Mutation("an altered decision is sent again", R, "        if not delivery.is_intact:\n            return self._altered(delivery, here)\n        return await self._send(delivery, pause, update=update, passed=passed)\n", "        return await self._send(delivery, pause, update=update, passed=passed)\n", "tests/engine/test_altered.py::test_t04_a_decision_that_was_altered_is_not_sent"),
    Mutation("what cannot be read is intact", "engine/pictures.py", "question, is_intact = UNREADABLE, False", "question, is_intact = UNREADABLE, True", "tests/engine/test_altered.py::test_f13_what_cannot_be_read_any_more_is_shown_as_such"),
    Mutation("a graph is given what cannot be read", R, "            if is_damaged(self._run.input) or not isinstance(self._run.input, dict):\n                return Failed(DAMAGED_INPUT)\n", "", "tests/engine/test_altered.py::test_f13_a_run_whose_input_cannot_be_read_is_not_begun"),
    Mutation("a value that cannot be read is given", "engine/resuming.py", "    if is_damaged(given.value):\n        raise InvalidInput({\"\": DAMAGED})\n", "", "tests/engine/test_altered.py::test_f13_a_value_given_ahead_that_cannot_be_read_is_dropped"),
    Mutation("one question for every schema", "engine/pictures.py", "    asked = [pause, value, schema, state]\n", "    asked = [pause, value, state]\n", "tests/engine/questions/test_recent.py::test_all_that_makes_a_question_tells_it_apart"),
    Mutation("an answered question is made another level's", "engine/vouching.py", "    if asks_others and any(each.counts_in_step(pause, unfinished) for each in vouched):\n", "    if False:\n", "tests/engine/test_unusual_nodes.py::test_t12_what_an_answered_question_showed_is_made_no_other_levels"),
    Mutation("a panic leaves the runner", T, "        except BaseException as error:  # some libraries' panics are no Exception\n", "        except Exception as error:\n", "tests/engine/test_unusual_nodes.py::test_an_error_that_is_no_exception_is_asked_about"),
    Mutation("what may have been done is told as withdrawn", "engine/desk.py", "NOT_KNOWN if was_sent else DEADLINE_PASSED", "DEADLINE_PASSED", "tests/engine/test_unusual_nodes.py::test_t24_a_run_that_expires_tells_what_may_have_been_done"),
    Mutation("what was cut off beside what is void waits", R, "                if isinstance(outcome, Void) and is_cut_short(outcome.here):\n", "                if False:\n", f"{CODE}::test_t05_a_branch_that_was_cut_off_at_its_new_beginning_goes_on"),
    Mutation("a read that failed is a node's error", "engine/checkpointing/group_commit.py", "        if isinstance(error, StoreError):\n            self.failure = self.failure or error\n", "        pass\n", "tests/engine/test_cut_off.py::test_f11_a_graph_inside_that_could_not_read_is_nobodys_error"),
    Mutation("what a dead release asked is today's", S, "is_known = self._is_anew or", "is_known = self._restarted is not None or", "tests/engine/test_unusual_nodes.py::test_t05_what_a_dead_release_asked_is_not_taken_for_todays"),
    Mutation("a question stays with a task that is gone", S, "        if row is not None and pause.kind == \"dynamic\" and pause.tasks and row.task_id != pause.tasks[0]:\n", "        if False:\n", "tests/engine/test_unusual_nodes.py::test_t05_a_question_that_outlives_a_new_beginning_belongs_to_it"),
    Mutation("what was never sent binds others", R, "row.attempts or (found is not None and row.id == found[0].id)", "True", "tests/engine/test_unusual_nodes.py::test_t12_decisions_beside_each_other_do_not_void_each_other"),
    Mutation("what a handler has done is done again", "engine/pending.py", " or (task_id in over and channel in (ERROR, ERROR_SOURCE_NODE))", "", "tests/engine/test_unusual_nodes.py::test_f16_a_step_that_begins_anew_runs_no_node_again_whose_error_was_handled"),
    Mutation("a handler's question is nobody's", "engine/pending.py", "(channel == ERROR or (channel == INTERRUPT and not asked.issuperset(each.id for each in value)))", "channel == ERROR", "tests/engine/test_unusual_nodes.py::test_a_handler_that_asks_leaves_people_with_the_error"),
    Mutation("two processes hold one lease", "engine/leases.py", "pg_try_advisory_lock(", "pg_try_advisory_lock_shared(", f"{LEASES}::test_a_cancelled_taker_leaves_nothing_held", needs_postgresql=True),
    Mutation("a lease is never given back", "engine/leases.py", "                await self._ask(self._connection, _RELEASE, number=_number(lease.key))\n", "", f"{LEASES}::test_a_cancelled_taker_leaves_nothing_held", needs_postgresql=True),
    Mutation("leases outlive their connection", "engine/leases.py", "            lease.mark_lost()\n        self._taken.clear()\n        with suppress", "            pass\n        self._taken.clear()\n        with suppress", f"{LEASES}::test_a_broken_connection_loses_every_lease", needs_postgresql=True),
    Mutation("two append to the chain at once", "engine/audit.py", "pg_advisory_xact_lock(", "pg_advisory_xact_lock_shared(", "tests/engine/test_audit.py::test_appenders_at_once_make_one_chain", needs_postgresql=True),
    Mutation("a run is taken while it is written", "engine/runs.py", "    .with_for_update(read=True)\n", "", f"{GUARDS}::test_f09_nobody_takes_a_run_while_its_driver_writes", needs_postgresql=True),
    Mutation("two migrate at once", "engine/migrations/__init__.py", "pg_try_advisory_xact_lock(", "pg_try_advisory_xact_lock_shared(", "tests/engine/test_migrations.py::test_processes_at_once", needs_postgresql=True),
    Mutation("two processes on one file", "engine/opening.py", "            await leases.open()\n", "            pass\n", "tests/bot/test_cli.py::test_list_show_and_verify_read_the_ledger"),
    Mutation("a wake-up is forgotten while one runs", "engine/wakeups.py", "            self._again.add((kind, key))\n", "", f"{WAKEUPS}::test_a_handler_that_raises_is_called_again_when_woken"),
    # for authors of workflows
    Mutation("an answer to anything", "engine/gate.py", 'if not is_answer(given) or given["for"] != asking["digest"]:', "if not is_answer(given):", f"{GATE}::test_any_other_answer_makes_it_ask_again"),
    Mutation("one key for every answer", "engine/gate.py", '"answered": answered, ', "", f"{KEY}::test_the_same_when_a_node_runs_again_for_its_next_answer"),
    Mutation("one key for every task", "engine/gate.py", '"task": place, ', "", f"{KEY}::test_another_for_each_task_thread_and_purpose"),
    Mutation("one key for every purpose", "engine/gate.py", ', "purpose": purpose', "", f"{KEY}::test_another_for_each_task_thread_and_purpose"),
    # the doors
    Mutation("no signature", "bot/web.py", "        return verifier.is_valid(raw, timestamp, signature)\n", "        return True\n", f"{WEB}::test_t07_a_forged_request_gets_401_and_leaves_nothing"),
    Mutation("any timestamp", "bot/web.py", "    if not timestamp or not _TIMESTAMP.fullmatch(timestamp):\n        return False\n", "", f"{WEB}::test_t07_a_forged_request_gets_401_and_leaves_nothing"),
    Mutation("any size", "bot/web.py", "client_max_size=MAX_BODY_BYTES", "client_max_size=MAX_BODY_BYTES * 100", f"{WEB}::test_t07_other_methods_and_large_bodies_are_refused"),
    Mutation("a button with any digest", "bot/payloads.py", '_matching(parts["d"], _DIGEST))', 'str(parts["d"]))', f"{PAYLOADS}::test_t15_another_button_value_is_malformed"),
    Mutation("failed lookups let through", "bot/people.py", "        if own is None or user.get(\"id\") != user_id:\n            return UNCHECKED\n", "        if own is None or user.get(\"id\") != user_id:\n            return None\n", f"{PEOPLE}::test_nobody_acts_before_we_know_our_own_team"),
    Mutation("other workspaces may", "bot/people.py", "        if team_id != own.team_id or user.get(\"team_id\", own.team_id) != own.team_id:\n", "        if False:\n", f"{PEOPLE}::test_t12_another_workspace_is_barred"),
    Mutation("guests may", "bot/people.py", '        if user.get("is_restricted") or user.get("is_ultra_restricted"):\n', "        if False:\n", f"{PEOPLE}::test_t11_guests_and_bots_are_barred"),
    Mutation("the deactivated may", "bot/people.py", '        if user.get("deleted"):\n', "        if False:\n", f"{PEOPLE}::test_t11_nothing_is_remembered_between_decisions"),
    Mutation("what was approved long ago is carried out", R, "        if delivery.is_too_late(self._policy_of(delivery), now=self._ledger.database.now()):\n            return Void(here, why=TOO_LATE)\n", "", f"{CARRYING_OUT}::test_t32_what_was_approved_too_long_ago_is_not_carried_out"),
    Mutation("to reject can be too late", "engine/policy.py", "    if verdict is Verdict.REJECT or policy.carry_out_within_s is None:\n", "    if policy.carry_out_within_s is None:\n", f"{CARRYING_OUT}::test_t32_what_may_still_be_carried_out_is"),
    Mutation("what was given ahead holds for ever", "engine/resuming.py", "        raise NotAllowed(TOO_OLD)\n", "        pass\n", f"{CARRYING_OUT}::test_t32_what_was_given_ahead_holds_as_long"),
    Mutation("the server's time is never asked", "engine/database.py", "                    await asyncio.sleep(MIGRATION_PAUSE_S)\n        await self.ask_time()\n", "                    await asyncio.sleep(MIGRATION_PAUSE_S)\n", f"{CLOCKS}::test_f14_a_wrong_clock_of_the_bots_machine_moves_no_deadline"),
    Mutation("the ledger goes by this machine's clock", "engine/database.py", "        return self._clock.now()\n", "        from engine.clock import utc_now\n        return utc_now()\n", f"{CLOCKS}::test_f14_a_wrong_clock_of_the_bots_machine_moves_no_deadline"),
    Mutation("ids go by the clock alone", "engine/checkpointer.py", "        not_before(record.checkpoint_id)\n", "", f"{CLOCKS}::test_f14_a_process_whose_clock_is_behind_goes_on_and_acts_once"),
    Mutation("starts at one moment are counted apart", "engine/desk.py", "        await audit.lock(transition.tx)\n", "", f"{DESK}::test_t30_starts_at_one_moment_are_counted_together", needs_postgresql=True),
    Mutation("starts are not counted", "engine/desk.py", "        if made > workflow.starts_per_minute:\n            raise TooManyStarts\n", "", f"{DESK}::test_t30_of_a_hundred_starts_in_a_minute_sixty_are_taken"),
    Mutation("one person counts twice", "engine/endorsing.py", "    others = [endorser(row) for row in same if row.actor_id != actor.id]\n    if len(others) < len(same) and len(others) + 1 < required:\n        raise AlreadyEndorsed\n", "    others = [endorser(row) for row in same]\n", f"{ENDORSING}::test_t14_the_same_person_twice_is_one_person"),
    Mutation("two who approve at once do not see each other", "engine/endorsing.py", "    await transition.show(asked.view.run_id)\n", "", f"{ENDORSING}::test_of_those_who_approve_at_once_the_last_decides", needs_postgresql=True),
    Mutation("who was taken off the list still counts", "engine/pictures.py", "    return refusal(asked.view.policy, actor=endorser(row), requested_by=asked.requested_by) is None\n", "    return True\n", f"{ENDORSING}::test_t11_who_was_taken_off_the_list_counts_no_more"),
    Mutation("an edit needs nobody else", "engine/policy.py", "    least = 2 if is_typed and policy.edit_requires_second_approver else 1\n", "    least = 1\n", f"{ENDORSING}::test_t17_an_edit_requires_a_second_approver"),
    Mutation("one is enough", "engine/deciding.py", "        if count < wanted:\n", "        if False:\n", f"{ENDORSING}::test_t14_the_same_person_twice_is_one_person"),
    Mutation("different answers are added up", "engine/endorsing.py", "row for row in rows if row.answer_digest == digest and still_counts(asked, row)", "row for row in rows if still_counts(asked, row)", f"{ENDORSING}::test_t17_an_edit_requires_a_second_approver"),
    Mutation("an altered endorsement is agreed with", "engine/endorsing.py", "        or answer_digest(answer) != row.answer_digest\n", "", f"{ENDORSING}::test_t04_an_endorsement_that_was_altered_is_agreed_with_by_nobody"),
    Mutation("an endorsement without an entry counts", "engine/endorsing.py", "        if not all(row.actor_id in last and _is_told(asked, last[row.actor_id], row) for row in same):\n", "        if False:\n", f"{ENDORSING}::test_t04_an_endorsement_that_was_altered_is_agreed_with_by_nobody"),
    Mutation("a click that was taken back counts again", "engine/endorsing.py", "request_key in _keys(rows, actor=actor):", "False:", f"{ENDORSING}::test_a_click_that_was_taken_back_does_not_come_again"),
    Mutation("the same people, however many", "engine/policy.py", "_without_times(one) == _without_times(other)", "(one.users, one.groups) == (other.users, other.groups)", f"{ENDORSING}::test_what_two_have_approved_one_cannot_change_afterwards"),
    Mutation("words count as nothing typed", "engine/questions/question.py", " or bool(reason.strip())", "", f"{ENDORSING}::test_t17_words_that_go_to_the_graph_are_typed_too"),
    Mutation("approved after the deadline", "engine/approvals.py", "_HOLD = _DECIDE.values(status=PENDING)", "_HOLD = update(approvals).where(approvals.c.id == bindparam(\"approval_id\")).values(status=PENDING)", f"{ENDORSING}::test_no_endorsement_outlives_its_deadline_or_its_revision"),
    Mutation("a value given ahead stands for several", "engine/resuming.py", "    if required(asked.view.policy, decided.option.verdict, is_typed=is_typed) > 1:\n", "    if False:\n", f"{ENDORSING}::test_values_given_ahead_stand_for_one_person_and_are_refused"),
    Mutation("acknowledged before it is decided", "bot/listeners/actions.py", '        await _decide(click, Choice("approve"), await _actor(click, parts=parts), parts=parts)\n        await ack()\n', '        await ack()\n        await _decide(click, Choice("approve"), await _actor(click, parts=parts), parts=parts)\n', "tests/bot/test_listeners.py", survives="with process_before_response Bolt sends the ack when the listener returns, wherever it stands in it"),
    Mutation("an empty secret starts", "bot/settings.py", "    if secret is not None and not secret.get_secret_value().strip():\n", "    if False:\n", "tests/bot/test_settings.py::test_t08_an_empty_value_stops_the_start"),
    Mutation("a broken trail goes on", "engine/ledger.py", "        if self.is_halted:\n", "        if False:\n", "tests/engine/test_anchors.py::test_f26_whoever_is_halted_records_nothing_and_resumes_nothing"),
    Mutation("a broken trail is taken up", "engine/runner.py", "        if self._ledger.is_halted:\n            return None\n", "", "tests/engine/test_anchors.py::test_f26_whoever_is_halted_records_nothing_and_resumes_nothing"),
    Mutation("carried on before the witness has looked", "bot/main.py", "            await witness.looked.wait()\n", "            await asyncio.sleep(0)\n", f"{WITNESS}::test_f26_nothing_is_carried_on_before_slack_was_asked"),
    Mutation("a decision goes with a failure", "engine/settling.py", "[row for row in gone if not self._is_put_off(row, pauses)]", "gone", f"{FAILURES}::test_a_decision_outlives_a_failure_before_it_was_delivered"),
    # the connection that many share
    Mutation("commits need not last", "engine/connections.py", '_DURABLE = "SET synchronous_commit = on"', '_DURABLE = "SET synchronous_commit = off"', f"{PIPELINES}::test_a_commit_is_durable"),
    Mutation("each statement for itself", "engine/pipelines.py", "                self._libpq.send_query_prepared(self._names[call.sql], params, formats, Format.BINARY)\n            self._libpq.pipeline_sync()\n", "                self._libpq.send_query_prepared(self._names[call.sql], params, formats, Format.BINARY)\n                self._libpq.pipeline_sync()\n", f"{PIPELINES}::test_what_is_asked_together_is_one_transaction"),
    # what people see
    Mutation("two show a run at once", "engine/desk.py", 'return self._leases.try_hold(f"mirror:{run_id}")', 'return self._leases.try_hold(f"mirror:{run_id}:{uuid4()}")', f"{MIRROR}::test_two_that_show_a_run_at_once_send_each_message_once"),
    Mutation("a lost lock is shown on", "bot/mirror.py", "    if lease.is_lost:\n", "    if False:\n", f"{MIRROR}::test_a_lost_lock_stops_whoever_shows_a_run"),
    Mutation("another's posting is written over", "engine/postings.py", "        postings.c.reference.is_not_distinct_from(seen.reference),\n        postings.c.shown.is_not_distinct_from(seen.shown),\n", "", f"{MIRROR}::test_of_two_that_post_at_once_one_takes_its_message_back"),
    Mutation("a second message stays", "bot/mirror.py", "            await self._client.chat_delete(channel=place, ts=ts)\n", "", f"{MIRROR}::test_of_two_that_post_at_once_one_takes_its_message_back"),
    Mutation("an old update stays", "bot/mirror.py", "            except _Overtaken:\n                await self._desk.doubt_posting(posting)\n                raise\n", "            except _Overtaken:\n                raise\n", f"{MIRROR}::test_an_old_update_that_comes_late_is_made_good"),
    Mutation("late progress stays", "bot/mirror.py", "        if told is not None and await self._is_overtaken(told):\n", "        if False:\n", "tests/bot/test_reporter.py::test_progress_that_comes_after_what_another_process_showed_is_taken_away"),
    Mutation("progress leaves what it found", "engine/postings.py", "    return f\"?{uuid.uuid4().hex}\"", "    return \"\"", "tests/bot/test_reporter.py::test_progress_that_comes_while_another_process_shows_the_line_is_taken_away"),
    Mutation("what another has found is deleted", "bot/mirror.py", "if known is None or known.reference != ts:", "if True:", f"{MIRROR}::test_a_message_that_another_process_has_found_is_not_taken_back"),
    Mutation("a key stays taken", "engine/leases.py", "            try:\n                with suppress(StoreError):  # the connection is given up then, and the lock with it\n                    await to_the_end(self._exclusion.give_back(lease))\n            finally:\n                del self._held[key]\n", "            with suppress(StoreError):\n                await to_the_end(self._exclusion.give_back(lease))\n            del self._held[key]\n", "tests/engine/test_leases.py::test_who_is_cancelled_while_letting_go_lets_go"),
    Mutation("a lost run's progress stays", "engine/runner.py", "                await self._let_go(run_id)\n", "", "tests/engine/test_progress.py::test_f09_a_driver_that_has_lost_its_run_takes_its_progress_away"),
    Mutation("an ended run has progress", "engine/desk.py", "self._progress.of(view.id) if is_going else None", "self._progress.of(view.id)", "tests/engine/test_progress.py::test_a_run_that_has_ended_does_nothing_any_more"),
    Mutation("two write in their own order", "engine/deliveries.py", "in sorted(self._unwritten.items())", "in self._unwritten.items()", "tests/engine/test_deliveries.py::test_t06_two_processes_that_write_the_same_are_not_in_each_other_s_way", needs_postgresql=True),
    Mutation("posted, then written down", "bot/mirror.py", "        elif await self._adopt(run, wanted, posting, posted):\n            return\n", "", f"{MIRROR}::test_f03_a_cut_connection_neither_loses_nor_doubles_a_message"),
    Mutation("links are unfurled", "bot/mirror.py", "                unfurl_links=False,\n", "                unfurl_links=True,\n", f"{MIRROR}::test_t22_every_message_is_sent_without_unfurling_and_with_its_posting"),
    Mutation("a deleted card stays away", "bot/mirror.py", "GONE: Final = frozenset({\"message_not_found\", \"cant_update_message\"})", "GONE: Final = frozenset({\"nothing\"})", f"{MIRROR}::test_f27_a_deleted_message_is_posted_anew"),
    Mutation("markup is live", "bot/inert.py", '{"&": "&amp;", "<": "&lt;", ">": "&gt;"}', '{"&": "&amp;"}', f"{INERT}::test_markup_becomes_literal"),
    Mutation("direction marks are not shown", "bot/inert.py", '{"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}', '{"Cc", "Cs", "Co", "Zl", "Zp"}', f"{INERT}::test_what_is_invisible_is_shown"),
)  # fmt: skip
