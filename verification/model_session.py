"""The part of the model that is the session, as Promela: how it looks at a report and makes its next request, and what
is judged by each event.

It keeps the order in which ``iontocore.session`` looks at a report, and its flags have the same names.
"""

from typing import Final

JUDGE: Final = """
/* ---- what an event does besides the table's row, and what is judged by it ---- */
inline witness() {
  if
  :: refused -> ok_stop = ok_stop && event != STOPPED
  :: else ->
     moved = moved || event != E_ADJUSTED;
     if
     :: event == E_START || event == E_RESUME -> licence = true
     :: ENDS(event) ->
        licence = false;
        to_zero = to_zero || !STAYS_OFF
     :: else
     fi
  fi;
  if
  :: event == E_TRIPPED || event == E_INTERRUPTED || event == E_CONTACT_LOST_TOO_OFTEN ->
     faulted = true; licence = false
  :: event == E_ACKNOWLEDGED && !refused && before == S_FAULT -> faulted = false
  :: event == E_CONTACT_LOST -> lost = true
  :: event == E_CONTACT_BACK -> lost = false
  :: else
  fi;
  ok_lost = ok_lost && (!lost || (state != S_TREAT && state != S_REVERSE));
  ok_arrival = ok_arrival && (state != S_TREAT || before == S_TREAT || phase == P_TREAT);
  ok_reversal = ok_reversal && (state != S_REVERSE || before == S_REVERSE || event == E_REVERSAL_DUE);
  if
  :: before == S_REVERSE && (state == S_RAMP || state == S_TREAT) && event != E_CONTACT_LOST ->
     ok_reversal = ok_reversal && level > 0 && sign == WANT
  :: else
  fi
}

inline end_session() {
  closed = true;
  acknowledging = false; paused = false;
  /* not looked at any more, and so as hostile as can be */
  started = true; moved = true; turned = false; contact_lost = false; overdue = false;
  armed_known = true; was_at_rest = true; ran = false
}

inline settle() {
  if
  :: closed || (state != S_IDLE && state != S_FAULT) -> skip
  :: !closed && state == S_FAULT -> end_session()
  :: !closed && state == S_IDLE && !paused && moved ->
     if
     :: known_open || known_other -> acknowledging = true
     :: else -> ok_over = ok_over && (started || event == STOPPED); end_session()
     fi
  :: else
  fi
}
"""

SESSION: Final = """
/* ---- the session: it looks at a report, then makes its next request ---- */
inline go_on() {
  if
  :: phase == P_FALL && due -> event = E_CORE_ENDING
  :: !(phase == P_FALL && due && silent == SILENT) -> /* a supervisor that is heard again is not told why it ends */
     if
     :: state != S_REVERSE && !turned -> event = E_REVERSAL_DUE
     :: event = E_FINISHED
     :: event = E_CAP_REACHED
     :: state == S_REVERSE && level > 0 && sign == WANT -> event = E_SIGN_CHANGED
     :: state == S_RAMP && phase == P_TREAT -> event = E_TARGET_REACHED
     :: !(state == S_REVERSE && level > 0 && sign == WANT) && !(state == S_RAMP && phase == P_TREAT) -> skip
     fi
  fi
}

inline derive() {
  if
  :: (trip_other && !known_other) || (trip_open && !known_open && !ENERGISED(state)) -> event = E_TRIPPED
  :: !(trip_other && !known_other) && trip_open && !known_open && ENERGISED(state) ->
     if
     :: event = E_CONTACT_LOST
     :: event = E_CONTACT_LOST_TOO_OFTEN
     fi
  :: else ->
     if
     :: NOT_HEARD && state != S_FAULT -> event = E_INTERRUPTED
     :: !(NOT_HEARD && overdue && state != S_FAULT) -> /* the core has waited its time, the session not quite */
        overdue = NOT_HEARD;
        if
        :: state == S_RAMP && contact_lost ->
           if
           :: !trip_open && !trip_other -> contact_lost = false; acknowledging = false
           :: (trip_open || trip_other) && !acknowledging && contact -> event = E_CONTACT_BACK
           :: else
           fi
        :: !(state == S_RAMP && contact_lost) && RUNNING(state) -> go_on()
        :: state == S_RAMP_DOWN && level == 0 && !energised && phase != P_WAIT -> event = E_AT_ZERO
        :: else
        fi
     fi
  fi;
  known_open = trip_open; known_other = trip_other
}

inline watch() {
  if
  :: (trip_open && !known_open) || (trip_other && !known_other) -> event = E_TRIPPED
  :: trip_other && known_other && calm == HOSTILE -> event = E_TRIPPED /* a further one */
  :: calm == HOSTILE -> event = E_INTERRUPTED /* the journal cannot be written */
  :: !(trip_open && !known_open) && !(trip_other && !known_other) -> skip
  fi;
  known_open = trip_open; known_other = trip_other
}

inline take_in() {
  armed_known = AT_REST && !ran && (armed_known || (asked == STOP && was_at_rest));
  was_at_rest = AT_REST; ran = false
}

inline look() {
  if
  :: line == DOWN ->
     if :: !closed -> event = E_INTERRUPTED :: else fi;
     by_hand = false
  :: line != DOWN && anew && !closed -> event = E_INTERRUPTED
  :: line != DOWN && !(anew && !closed) && by_hand ->
     if
     :: AT_REST && phase != P_WAIT -> event = E_ACKNOWLEDGED
     :: calm == HOSTILE -> by_hand = false; event = E_INTERRUPTED /* the journal cannot be written */
     :: !(AT_REST && phase != P_WAIT) && calm == HOSTILE -> by_hand = false /* given up */
     :: !(AT_REST && phase != P_WAIT)
     fi;
     told_on = energised; unseen = false
  :: line != DOWN && !(anew && !closed) && !by_hand ->
     if
     :: closed -> watch()
     :: !closed -> take_in(); derive()
     :: !closed && calm == HOSTILE -> event = E_INTERRUPTED /* impossible telemetry, or a lost journal */
     fi;
     told_on = energised; unseen = false
  fi;
  anew = false
}

inline ask() {
  if
  :: RUNNING(state) && !contact_lost && (armed_known || told_on) ->
     ok_licence = ok_licence && licence;
     ok_end = ok_end && !to_zero;
     ok_lost = ok_lost && !lost;
     ok_closed = ok_closed && !closed;
     asked = RUN
  :: else -> asked = STOP
  fi;
  if
  :: line != DEAF ->
     command = asked; wanted_sign = (asked == RUN -> WANT : 0);
     ack = (acknowledging || by_hand) && !ack; ack_by_hand = ack && by_hand; heard = true; unheard = false
  :: line != UP -> unheard = true
  fi;
  told_on = false
}

active proctype session() {
  do
  :: atomic {
       alive && !asks && (ticked || line == DOWN) ->
       look();
       before = state;
       if
       :: event != NONE ->
          take();
          ok_fact = ok_fact && !refused;
          if
          :: event == E_REVERSAL_DUE && !refused -> turned = true
          :: event == E_CONTACT_LOST && !refused -> contact_lost = true
          :: event == E_CONTACT_BACK && !refused -> acknowledging = true
          :: event == E_ACKNOWLEDGED && !refused -> by_hand = false; known_open = false; known_other = false
          :: else
          fi;
          witness()
       :: else
       fi;
       observe();
       settle();
       event = NONE; before = 0; refused = false;
       asks = true
     }
  :: atomic { alive && asks -> ask(); asks = false; ticked = false }
  od
}
"""
