/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: everything here but creation and freeing happens in the server's
 * source thread. No locks. */

#include "simplan.h"

#include "simmangle.h"

struct _SimPlan {
  const GPtrArray *faults; /* of SimFault */
  SimRelay *relay;
  SimPlanTarget target;
};

/* A set on its way, with what the relay has to do to it. */
typedef struct {
  GPtrArray *pieces;
  gboolean gzip;
  GArray *orders; /* of SimRelayOrder */
} Message;

/* A client's stream of sets. */
typedef struct {
  RcServerCall inner; /* as the source sees it: with no faults */
  GRand *dice[SIM_MAX_FAULTS];
  guint64 decided; /* the set that `due` is of */
  guint32 due;     /* bit mask of faults */
  gint64 silent_until;
  GQueue ready;  /* of Message */
  Message *held; /* until the next one was sent */
} Call;

/* --- messages --- */

static Message *
message_new (GPtrArray *pieces)
{
  Message *message = g_new0 (Message, 1);

  message->pieces = pieces;
  message->orders = g_array_new (FALSE, FALSE, sizeof (SimRelayOrder));
  return message;
}

static void
message_free (Message *message)
{
  g_ptr_array_unref (message->pieces);
  if (message->orders)
    g_array_unref (message->orders);
  g_free (message);
}

static gpointer
copy_piece (gconstpointer piece, gpointer user_data)
{
  return g_bytes_ref ((GBytes *)piece);
}

/* The same bytes; what befell the connection does not befall it again. */
static Message *
message_repeat (const Message *message)
{
  Message *again =
      message_new (g_ptr_array_copy (message->pieces, copy_piece, NULL));

  again->gzip = message->gzip;
  return again;
}

static guint64
message_get_size (const Message *message)
{
  guint64 size = 0;

  for (guint i = 0; i < message->pieces->len; i++)
    size += g_bytes_get_size (message->pieces->pdata[i]);
  return size;
}

static void
message_set_bytes (Message *message, GBytes *bytes)
{
  g_ptr_array_set_size (message->pieces, 0);
  g_ptr_array_add (message->pieces, bytes);
}

/* --- calls --- */

static void
call_free (gpointer data)
{
  Call *call = data;

  for (guint i = 0; i < SIM_MAX_FAULTS; i++)
    if (call->dice[i])
      g_rand_free (call->dice[i]);
  g_queue_clear_full (&call->ready, (GDestroyNotify)message_free);
  g_clear_pointer (&call->held, message_free);
  g_free (call);
}

static Call *
get_call (SimPlan *plan, RcServerCall *outer)
{
  Call *call = outer->data;

  if (call)
    return call;
  call = g_new0 (Call, 1);
  call->inner = *outer;
  g_queue_init (&call->ready);
  for (guint i = 0; i < plan->faults->len; i++) {
    const SimFault *fault = plan->faults->pdata[i];
    const guint32 seed[] = {fault->seed, i, outer->id};

    call->dice[i] = g_rand_new_with_seed_array (seed, G_N_ELEMENTS (seed));
  }
  outer->data = call;
  outer->data_free = call_free;
  return call;
}

/* --- when --- */

static gboolean
is_due (const SimFault *fault, guint64 call, guint64 set, GRand *dice)
{
  if (call < fault->first_call || call > fault->last_call || set < fault->at)
    return FALSE;
  if (fault->every == 0 ? set != fault->at
                        : (set - fault->at) % fault->every != 0)
    return FALSE;
  return fault->probability >= 1 || g_rand_double (dice) < fault->probability;
}

/* Once for each set: whoever has to wait for it asks more than once. */
static void
decide (SimPlan *plan, Call *call, guint64 set)
{
  if (call->decided == set)
    return;
  call->decided = set;
  call->due = 0;
  for (guint i = 0; i < plan->faults->len; i++) {
    const SimFault *fault = plan->faults->pdata[i];

    if (!is_due (fault, call->inner.id, set, call->dice[i]))
      continue;
    if (fault->kind == SIM_FAULT_RESIZE)
      plan->target.resize (fault->width, fault->height, plan->target.user_data);
    else if (fault->kind == SIM_FAULT_CLOCK_JUMP)
      plan->target.set_clock (fault->jump, fault->year, plan->target.user_data);
    else
      call->due |= 1u << i;
  }
}

/* The first fault of that kind that is due. */
static const SimFault *
find_due (const SimPlan *plan, const Call *call, SimFaultKind kind)
{
  for (guint i = 0; i < plan->faults->len; i++) {
    const SimFault *fault = plan->faults->pdata[i];

    if (call->due & 1u << i && fault->kind == kind)
      return fault;
  }
  return NULL;
}

/* --- what befalls a message --- */

static void
add_order (
    Message *message, const SimFault *fault, SimRelayAct act, guint64 after)
{
  SimRelayOrder order = {
      .act = act,
      .after = fault->has_bytes ? fault->bytes : after,
      .seconds = fault->duration,
      .speed = fault->speed,
  };
  guint i = 0;

  while (
      i < message->orders->len
      && g_array_index (message->orders, SimRelayOrder, i).after <= order.after)
    i++;
  g_array_insert_val (message->orders, i, order);
}

static void
mangle (Message *message, const SimFault *fault, GRand *dice)
{
  g_autoptr (GBytes) whole = sim_mangle_join (message->pieces);
  gsize size = g_bytes_get_size (whole);
  GBytes *bytes = NULL;

  if (fault->kind == SIM_FAULT_LIE)
    bytes = sim_lie_tell (fault->lie, whole);
  else if (fault->kind == SIM_FAULT_CORRUPT)
    bytes = sim_mangle_flip_bits (whole, fault->flip_rate, dice);
  else
    bytes = g_bytes_new_from_bytes (
        whole, 0, fault->has_bytes ? MIN (fault->bytes, size) : size / 2);
  message_set_bytes (message, bytes);
}

static void
befall (Message *message, const SimFault *fault, GRand *dice)
{
  switch (fault->kind) {
  case SIM_FAULT_CLOSE:
    add_order (message, fault, SIM_RELAY_CLOSE, G_MAXUINT64);
    break;
  case SIM_FAULT_RESET:
    add_order (message, fault, SIM_RELAY_RESET, G_MAXUINT64);
    break;
  case SIM_FAULT_RESTART:
    add_order (message, fault, SIM_RELAY_RESTART, G_MAXUINT64);
    break;
  case SIM_FAULT_STALL:
    if (fault->dead)
      add_order (message, fault, SIM_RELAY_STALL, 0);
    break;
  case SIM_FAULT_SLOW:
    add_order (message, fault, SIM_RELAY_SLOW, 0);
    break;
  case SIM_FAULT_TRUNCATE:
    if (fault->frame)
      add_order (
          message, fault, SIM_RELAY_CLOSE, message_get_size (message) / 2);
    else
      mangle (message, fault, dice);
    break;
  case SIM_FAULT_LIE:
  case SIM_FAULT_CORRUPT:
    mangle (message, fault, dice);
    break;
  case SIM_FAULT_HUGE:
    sim_mangle_inflate (message->pieces, fault->bytes);
    message->gzip = fault->gzip;
    break;
  default:
    break;
  }
}

/* --- the stream --- */

static RcServerAnswer
give (SimPlan *plan, Call *call, RcServerCall *outer, GPtrArray **pieces)
{
  Message *message = g_queue_pop_head (&call->ready);

  if (plan->relay)
    sim_relay_expect (plan->relay, outer->peer, outer->id,
        message->gzip ? G_MAXUINT64 : message_get_size (message),
        g_steal_pointer (&message->orders));
  outer->gzip = message->gzip;
  *pieces = g_ptr_array_ref (message->pieces);
  message_free (message);
  return RC_SERVER_SEND;
}

/* Puts the set that was made where it belongs; there may be none to send now. */
static void
arrange (SimPlan *plan, Call *call, Message *message)
{
  Message *again = NULL;

  if (find_due (plan, call, SIM_FAULT_DROP_SETS)) {
    message_free (message);
    return;
  }
  for (guint i = 0; i < plan->faults->len; i++)
    if (call->due & 1u << i)
      befall (message, plan->faults->pdata[i], call->dice[i]);
  if (find_due (plan, call, SIM_FAULT_DUPLICATE))
    again = message_repeat (message);
  if (!call->held && find_due (plan, call, SIM_FAULT_REORDER)) {
    call->held = message;
    if (again)
      message_free (again);
    return;
  }
  g_queue_push_tail (&call->ready, message);
  if (again)
    g_queue_push_tail (&call->ready, again);
  if (call->held)
    g_queue_push_tail (&call->ready, g_steal_pointer (&call->held));
}

/* TRUE if nothing is to be sent now. */
static gboolean
is_silent (SimPlan *plan, Call *call, gint64 *ask_at)
{
  const SimFault *stall = find_due (plan, call, SIM_FAULT_STALL);
  gint64 now = g_get_monotonic_time ();

  if (stall && !stall->dead && call->silent_until == 0)
    call->silent_until = stall->duration < 0
                             ? G_MAXINT64
                             : now + (gint64)(stall->duration * G_USEC_PER_SEC);
  if (now >= call->silent_until)
    return FALSE;
  *ask_at = call->silent_until;
  return TRUE;
}

static RcServerAnswer
end_with (RcServerCall *outer, const SimFault *fault)
{
  outer->status = fault->status;
  g_free (outer->status_message);
  outer->status_message = g_strdup (fault->message);
  return RC_SERVER_END;
}

RcServerAnswer
sim_plan_next (RcServer *server, RcServerCall *outer, GPtrArray **pieces,
    gint64 *ask_at, gpointer user_data)
{
  SimPlan *plan = user_data;
  Call *call = get_call (plan, outer);
  g_autoptr (GPtrArray) made = NULL;

  if (!g_queue_is_empty (&call->ready))
    return give (plan, call, outer, pieces);

  decide (plan, call, call->inner.n_sets + 1);
  if (is_silent (plan, call, ask_at))
    return RC_SERVER_WAIT;
  const SimFault *status = find_due (plan, call, SIM_FAULT_STATUS);
  if (status)
    return end_with (outer, status);

  RcServerAnswer answer = plan->target.source (
      server, &call->inner, &made, ask_at, plan->target.user_data);
  if (answer == RC_SERVER_WAIT)
    return RC_SERVER_WAIT;
  if (answer == RC_SERVER_SEND) {
    call->inner.n_sets++;
    arrange (plan, call, message_new (g_steal_pointer (&made)));
    call->silent_until = 0;
  } else if (call->held) {
    g_queue_push_tail (&call->ready, g_steal_pointer (&call->held));
  } else {
    return RC_SERVER_END;
  }

  if (!g_queue_is_empty (&call->ready))
    return give (plan, call, outer, pieces);
  /* Not in a loop: the server can stop in between. */
  *ask_at = g_get_monotonic_time ();
  return RC_SERVER_WAIT;
}

SimPlan *
sim_plan_new (
    const GPtrArray *faults, SimRelay *relay, const SimPlanTarget *target)
{
  SimPlan *plan = g_new0 (SimPlan, 1);

  g_return_val_if_fail (faults->len <= SIM_MAX_FAULTS, NULL);

  plan->faults = faults;
  plan->relay = relay;
  plan->target = *target;
  return plan;
}

void
sim_plan_free (SimPlan *plan)
{
  g_free (plan);
}
