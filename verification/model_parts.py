"""Parts of the model that are not the state table, as Promela: the core, the operator and the world. The session is
``iontocore.verification.model_session``.

What is left out, and how. A magnitude is a number of ticks from zero, from 0 to TARGET. A fall takes longer than the
core waits for a silent supervisor (SILENT ticks), and that is longer than two exchanges, so that each may begin within
the other. The dwell at zero is DWELL ticks. Debouncing is no part of it: the world shows a cause, or a loss of contact,
once it has held for its time, and what is seen for less is not there. All trips but lost contact are one, and one that
no acknowledge clears is one whose cause stays. Regulator and guard are one: where they differ the guard trips, which is
a cause. Every request is within the limits. Trips outlive a loss of the core's power. Time is the order of steps:
between a request and the report that answers it the core ticks at least once, and as often as it likes, and it may tick
between a report and the next request. The plan is hostile: a direction, a dose or a cap may be done at any exchange.
What a dying supervisor has in the journal against the next start is no part of it: the next session may open at once.
"""

from typing import Final

VARIABLES: Final = """
/* ---- the core: what a tick keeps, and what is told of it ---- */
byte phase = P_IDLE;
byte level = 0;            /* magnitude of the current, in ticks from zero: 0 to TARGET */
byte sign = 0;             /* direction of the last current: 1 or 2; 0 before the first */
bool energised = false;    /* the switch is closed */
bool armed = false;        /* STOP was seen at rest without a trip */
bool ending = false;       /* on the way to zero, and never back */
bool due = false;          /* a trip follows at zero: the supervisor was silent, or a cap is near */
bool trip_open = false;    /* latched: contact was lost while energised */
bool trip_other = false;   /* latched: any other trip */
byte zero = 0;             /* ticks at zero, to DWELL */
byte silent = 0;           /* ticks without the supervisor, to SILENT */
bool ack_seen = true;

/* ---- the request in force ---- */
byte command = STOP;       /* as the core has heard it */
byte wanted_sign = 0;      /* of the target: 1 or 2; 0 without one */
bool ack = false;
bool heard = false;        /* the heartbeat has changed since the last tick */

/* ---- the session ---- */
byte state = INITIAL;
bool started = false;
bool moved = false;        /* a row of the table was taken, other than to adjust */
bool paused = false;
bool turned = false;       /* the plan's second direction */
bool contact_lost = false;
bool acknowledging = false;
bool by_hand = false;      /* the operator's acknowledge is being tried */
bool closed = false;
bool known_open = false;
bool known_other = false;
bool armed_known = false;
bool was_at_rest = true;   /* at the last report */
bool ran = false;          /* the output was on since the last report: its time has grown */
bool told_on = false;      /* the switch was closed at the last report */
bool overdue = false;      /* the core was found not to hear, at the last report */
byte asked = STOP;         /* what was asked last, whether or not it was heard */
bool unheard = false;      /* the core has not echoed the last request */
bool asks = false;         /* a report was looked at, and the next request is due */
bool ticked = false;       /* since the last request */

/* ---- the world ---- */
bool alive = true;         /* the supervisor */
byte line = UP;            /* to the core: up; down: it tells nothing, and may hear; deaf: it tells, and hears not */
bool contact = false;
bool cause = false;        /* of a trip that is no loss of contact; it has held for its time */
bool anew = false;         /* the core was started anew under a session */
byte calm = HOSTILE;

/* ---- scratch, zero between steps ---- */
byte event = NONE;
byte before = 0;
bool refused = false;

/* ---- witnesses: they judge, and nothing else reads them ---- */
bool to_zero = false;      /* an end was asked for; since then the output was not off, or might still have started */
bool faulted = false;      /* a trip or an interruption was told, and not acknowledged since */
bool licence = false;      /* an operator started or resumed, and nothing has ended it since */
bool lost = false;         /* contact was lost and has not been back */
bool ack_by_hand = false;  /* the acknowledge in force is an operator's */
bool unseen = false;       /* a trip was latched between a report and the next request, and not looked at since */
bool slipped = false;      /* such a trip went by the session's own acknowledge */
bool fresh = true;         /* the core was powered on, and has seen no STOP since */
bool ok_fact = true;
bool ok_stop = true;
bool ok_over = true;
bool ok_end = true;
bool ok_licence = true;
bool ok_lost = true;
bool ok_arrival = true;
bool ok_reversal = true;
bool ok_clear = true;
bool ok_power_on = true;
bool ok_closed = true;
"""

CORE: Final = """
/* ---- the core, tick by tick: it can never be kept from ticking ---- */
inline trip_off() {
  level = 0; energised = false; armed = false; ending = false;
  trip_other = trip_other || due; due = false; phase = P_FAULT
}

inline flow() {
  if
  :: silent == SILENT || due -> due = true; ending = true
  :: command != RUN -> ending = true
  :: else
  fi;
  if
  :: ending ->
     phase = P_FALL;
     if :: level > 0 -> level-- :: else fi;
     if
     :: level == 0 ->
        energised = false; ending = false;
        if :: due -> trip_off() :: else fi
     :: else
     fi
  :: !ending && wanted_sign != sign && sign != 0 && (level > 0 || zero < DWELL) ->
     phase = P_REVERSE;
     if :: level > 0 -> level-- :: else fi
  :: else ->
     if :: level < TARGET -> level++ :: else fi;
     sign = wanted_sign;
     if :: level == TARGET -> phase = P_TREAT :: else -> phase = P_RAMP fi
  fi
}

inline rest(just_cleared) {
  if
  :: just_cleared -> phase = P_IDLE
  :: !just_cleared && command != RUN -> armed = true; fresh = false; phase = P_IDLE
  :: !just_cleared && command == RUN && armed && contact && silent < SILENT && (sign != 0 || zero == DWELL) ->
     ok_power_on = ok_power_on && !fresh;
     armed = false; energised = true; phase = P_RAMP
  :: else -> phase = (armed -> P_WAIT : P_IDLE)
  fi
}

active proctype core() {
  bool tripped;
  do
  :: d_step {
       ticked = true;
       if :: heard -> silent = 0 :: !heard && silent < SILENT -> silent++ :: else fi;
       heard = false;
       tripped = trip_open || trip_other;
       unseen = unseen || (asks && cause && !trip_other);
       trip_other = trip_other || cause;
       trip_open = trip_open || (energised && !contact);
       if
       :: ack && !ack_seen && tripped && !energised && !cause && silent < SILENT ->
          ok_clear = ok_clear && (ack_by_hand || !trip_other || unseen);
          slipped = slipped || (trip_other && !ack_by_hand);
          trip_open = false; trip_other = false
       :: else
       fi;
       ack_seen = ack;
       if
       :: trip_open || trip_other -> trip_off()
       :: !(trip_open || trip_other) && energised -> flow()
       :: else -> rest(tripped)
       fi;
       if :: level > 0 -> zero = 0 :: level == 0 && zero < DWELL -> zero++ :: else fi;
       to_zero = to_zero && !STAYS_OFF;
       ran = (ran || energised) && alive && !closed;
       tripped = false
     }
  od
}
"""

OPERATOR: Final = """
/* ---- the operator: any act at any time; in a calm world, the end ---- */
active proctype operator() {
  do
  :: atomic {
       alive && !by_hand && calm != HELPED ->
       if
       :: calm == HOSTILE && !started && !closed -> event = E_START
       :: calm == HOSTILE && started -> skip
       :: calm == HOSTILE && (state != S_IDLE || paused) -> event = E_RESUME
       :: calm == HOSTILE -> event = E_ADJUSTED
       :: calm == HOSTILE -> event = E_PAUSE
       :: calm == HOSTILE || (state != S_FAULT && !closed) -> event = STOPPED
       :: state == S_FAULT -> by_hand = true
       :: calm == ENDED && state != S_FAULT && closed -> skip
       :: calm == HOSTILE && state != S_FAULT -> event = E_ACKNOWLEDGED
       fi;
       before = state;
       if
       :: event != NONE ->
          take();
          if
          :: event == E_START && !refused -> started = true
          :: event == E_RESUME && !refused -> paused = false
          :: event == E_PAUSE && !refused -> paused = true
          :: event == STOPPED -> paused = false
          :: else
          fi;
          witness();
          if :: event == STOPPED -> settle() :: else fi
       :: else
       fi;
       event = NONE; before = 0; refused = false
     }
  od
}
"""

WORLD: Final = """
/* ---- the world: anything at any time, until it chooses to be calm, which it then stays ---- */
inline supervisor_gone() {
  alive = false; by_hand = false;
  state = INITIAL; started = false; moved = false; paused = false; turned = false;
  contact_lost = false; acknowledging = false; closed = false; known_open = false; known_other = false;
  armed_known = false; was_at_rest = true; told_on = false; ran = false; overdue = false;
  asked = STOP; asks = false; ticked = false; unheard = false; anew = false; slipped = false;
  faulted = false; licence = false; lost = false
}

inline core_powered_on() {
  phase = (trip_open || trip_other -> P_FAULT : P_IDLE);
  level = 0; sign = 0; energised = false; armed = false; ending = false; due = false; zero = 0;
  silent = 0; ack_seen = true; to_zero = false; fresh = true
}

active proctype world() {
  do
  :: atomic {
       calm == HOSTILE ->
       if
       :: contact = !contact
       :: cause = !cause
       :: energised -> due = true /* the core's own cap on time or charge is near */
       :: phase == P_RAMP && level > 0 -> phase = P_TREAT /* at this tick the voltage allowed no more */
       :: phase == P_TREAT && level == TARGET -> phase = P_RAMP; level = TARGET - 1 /* another target */
       :: line = UP
       :: line = DOWN
       :: line = DEAF
       :: alive -> supervisor_gone()
       :: !alive && !energised && level == 0 && line == UP ->
          /* another session is opened, which starts the core with its limits */
          core_powered_on();
          alive = true; ticked = false; unseen = false;
          command = STOP; wanted_sign = 0; ack = false; ack_by_hand = false
       :: core_powered_on(); anew = alive
       :: alive && !anew -> contact = true; cause = false; line = UP; calm = HELPED
       :: alive -> cause = false; line = UP; calm = ENDED
       fi
     }
  :: atomic {
       calm == ENDED ->
       if
       :: contact = !contact
       :: energised -> due = true
       fi
     }
  od
}
"""
