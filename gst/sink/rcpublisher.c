/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: who delivers, in threads of their own; the server's source thread,
 * in rc_publisher_serve (); whichever thread lets go of a call; who asks for
 * statistics.
 *
 * There is one lock. With it held the server is woken, which takes the server's
 * lock; the server calls nothing here with that held. Messages are built
 * without a lock. */

#include "sink/rcpublisher.h"

/* gRPC statuses for clients that are not served. */
#define STATUS_RESOURCE_EXHAUSTED 8
#define STATUS_FAILED_PRECONDITION 9

#define DEFAULT_QUEUE_SIZE 1
#define DEFAULT_SET_TIMEOUT G_TIME_SPAN_SECOND

/* A stream of sets that is being served: RcServerCall.data. */
typedef struct {
  RcPublisher *publisher;
  RcPublisherClient info;
} Client;

struct _RcPublisher {
  gint refs; /* atomic */

  GMutex lock;
  /* Guarded by lock. */
  GCond drained; /* no client is left, or `flushing` changed */
  RcPublisherLimits limits;
  RcStereo given;
  guint disparity_width; /* of the last disparity image; 0: none yet */
  RcServer *server;
  RcSetAssembler *assembler;
  GQueue kept;         /* of RcServedSet, the newest last */
  guint64 n_published; /* the number of the newest */
  guint offered;       /* 1 << RcStream */
  guint flushing;      /* 1 << RcStream */
  gboolean has_clock;
  gint64 clock_base;  /* our clock at running time 0, ns since the Unix epoch */
  guint trouble;      /* RcPublisherTrouble, not told yet */
  GPtrArray *clients; /* of Client, which their calls own */
  RcPublisherStats stats;
};

/* ---- life ---- */

RcPublisher *
rc_publisher_new (void)
{
  RcPublisher *self = g_new0 (RcPublisher, 1);

  self->refs = 1;
  g_mutex_init (&self->lock);
  g_cond_init (&self->drained);
  self->limits.queue_size = DEFAULT_QUEUE_SIZE;
  self->limits.set_timeout = DEFAULT_SET_TIMEOUT;
  self->assembler = rc_set_assembler_new (
      (GDestroyNotify)rc_served_image_free, DEFAULT_SET_TIMEOUT);
  g_queue_init (&self->kept);
  self->clients = g_ptr_array_new ();
  return self;
}

RcPublisher *
rc_publisher_ref (RcPublisher *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

static void
drop_sets_unlocked (RcPublisher *self)
{
  rc_set_assembler_flush (self->assembler);
  g_queue_clear_full (&self->kept, (GDestroyNotify)rc_served_set_unref);
}

void
rc_publisher_unref (RcPublisher *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  drop_sets_unlocked (self);
  rc_set_assembler_free (self->assembler);
  g_ptr_array_unref (self->clients);
  g_cond_clear (&self->drained);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
rc_publisher_start (RcPublisher *self)
{
  g_mutex_lock (&self->lock);
  drop_sets_unlocked (self);
  for (guint i = 0; i < RC_N_SET_STREAMS; i++)
    rc_set_assembler_restart (self->assembler, i);
  self->n_published = 0;
  self->disparity_width = 0;
  self->has_clock = FALSE;
  self->trouble = 0;
  self->stats = (RcPublisherStats){0};
  g_mutex_unlock (&self->lock);
}

void
rc_publisher_set_server (RcPublisher *self, RcServer *server)
{
  g_mutex_lock (&self->lock);
  self->server = server;
  g_mutex_unlock (&self->lock);
}

void
rc_publisher_stop (RcPublisher *self)
{
  g_mutex_lock (&self->lock);
  self->server = NULL;
  drop_sets_unlocked (self);
  g_mutex_unlock (&self->lock);
}

static void
wake_unlocked (RcPublisher *self)
{
  if (self->server != NULL)
    rc_server_wake (self->server);
}

static void
limit_kept_unlocked (RcPublisher *self)
{
  while (g_queue_get_length (&self->kept) > self->limits.queue_size)
    rc_served_set_unref (g_queue_pop_head (&self->kept));
}

void
rc_publisher_set_limits (RcPublisher *self, const RcPublisherLimits *limits)
{
  g_mutex_lock (&self->lock);
  self->limits = *limits;
  rc_set_assembler_set_timeout (self->assembler, limits->set_timeout);
  limit_kept_unlocked (self);
  wake_unlocked (self);
  g_mutex_unlock (&self->lock);
}

void
rc_publisher_set_given (RcPublisher *self, const RcStereo *given)
{
  g_mutex_lock (&self->lock);
  self->given = *given;
  g_mutex_unlock (&self->lock);
}

/* ---- from images to sets ---- */

static void
publish_unlocked (RcPublisher *self, RcServedSet *set)
{
  if (rc_served_set_lacks_lens (set))
    self->trouble |= RC_PUBLISHER_LACKS_LENS;
  self->n_published++;
  g_queue_push_tail (&self->kept, set);
  limit_kept_unlocked (self);
}

static guint
count_images (const RcServedSet *set)
{
  guint streams = rc_served_set_get_streams (set), n = 0;

  for (; streams != 0; streams &= streams - 1)
    n++;
  return n;
}

/* The rest of a message is below RC_MAX_HEADER_SIZE. */
static gboolean
fits_message (const RcServedSet *set)
{
  return rc_served_set_get_size (set)
         <= RC_SERVED_MAX_SIZE - RC_MAX_HEADER_SIZE;
}

/* Takes the sets that are ready out of the assembler. */
static void
collect_sets_unlocked (RcPublisher *self)
{
  gint64 now = g_get_monotonic_time ();
  gpointer images[RC_N_SET_STREAMS];
  gboolean whole;

  while (rc_set_assembler_pop (self->assembler, now, images, &whole)) {
    const RcServedImage *disparity = images[RC_STREAM_DISPARITY];
    RcServedSet *set;

    if (disparity != NULL)
      self->disparity_width = disparity->image.width;
    set = rc_served_set_new ((RcServedImage **)images, &self->given,
        self->offered & 1u << RC_STREAM_DISPARITY ? self->disparity_width : 0);
    self->stats.sets++;
    if (!whole)
      self->stats.sets_incomplete++;
    if (fits_message (set)) {
      publish_unlocked (self, set);
    } else {
      self->trouble |= RC_PUBLISHER_TOO_LARGE;
      self->stats.images_dropped += count_images (set);
      rc_served_set_unref (set);
    }
  }
}

static void
go_on_unlocked (RcPublisher *self)
{
  collect_sets_unlocked (self);
  wake_unlocked (self);
}

/* Spacing as in the pipeline, from when its first image came. */
static guint64
tell_time_unlocked (RcPublisher *self, guint64 running)
{
  gint64 now = g_get_real_time () * 1000;

  if (running == RC_SET_TIME_NONE || running > G_MAXINT64 / 2)
    return now;
  if (!self->has_clock)
    self->clock_base = now - (gint64)running;
  self->has_clock = TRUE;
  return CLAMP (self->clock_base + (gint64)running, 1, (gint64)RC_MAX_TIME);
}

guint
rc_publisher_push (RcPublisher *self, RcStream stream, const RcSetTime *time,
    RcServedImage *image)
{
  guint trouble;

  g_mutex_lock (&self->lock);
  if (image->image.timestamp == 0)
    image->image.timestamp = tell_time_unlocked (self, time->running);
  if (!rc_set_assembler_push (
          self->assembler, stream, time, image, g_get_monotonic_time ()))
    self->stats.images_dropped++;
  go_on_unlocked (self);
  trouble = self->trouble;
  self->trouble = 0;
  g_mutex_unlock (&self->lock);
  return trouble;
}

void
rc_publisher_set_streams (RcPublisher *self, guint offered, guint expected)
{
  g_mutex_lock (&self->lock);
  self->offered = offered;
  for (guint i = 0; i < RC_N_SET_STREAMS; i++)
    rc_set_assembler_expect (self->assembler, i, (expected & 1u << i) != 0);
  go_on_unlocked (self);
  g_mutex_unlock (&self->lock);
}

void
rc_publisher_pass (RcPublisher *self, RcStream stream, guint64 running)
{
  g_mutex_lock (&self->lock);
  rc_set_assembler_pass (self->assembler, stream, running);
  go_on_unlocked (self);
  g_mutex_unlock (&self->lock);
}

void
rc_publisher_end (RcPublisher *self, RcStream stream)
{
  g_mutex_lock (&self->lock);
  rc_set_assembler_end (self->assembler, stream);
  go_on_unlocked (self);
  g_mutex_unlock (&self->lock);
}

void
rc_publisher_restart (RcPublisher *self, RcStream stream)
{
  g_mutex_lock (&self->lock);
  rc_set_assembler_restart (self->assembler, stream);
  g_mutex_unlock (&self->lock);
}

void
rc_publisher_flush (RcPublisher *self)
{
  g_mutex_lock (&self->lock);
  rc_set_assembler_flush (self->assembler);
  self->has_clock = FALSE;
  g_mutex_unlock (&self->lock);
}

void
rc_publisher_drain (RcPublisher *self, RcStream stream, gint64 until)
{
  g_mutex_lock (&self->lock);
  while (rc_set_assembler_has_ended (self->assembler) && self->clients->len > 0
         && !(self->flushing & 1u << stream)
         && g_cond_wait_until (&self->drained, &self->lock, until))
    continue;
  g_mutex_unlock (&self->lock);
}

void
rc_publisher_set_flushing (
    RcPublisher *self, RcStream stream, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing &= ~(1u << stream);
  if (flushing)
    self->flushing |= 1u << stream;
  g_cond_broadcast (&self->drained);
  g_mutex_unlock (&self->lock);
}

/* ---- clients ---- */

/* A call is over, maybe after its server. */
static void
free_client (gpointer data)
{
  Client *client = data;
  RcPublisher *self = client->publisher;

  g_mutex_lock (&self->lock);
  g_ptr_array_remove (self->clients, client);
  g_cond_broadcast (&self->drained);
  g_mutex_unlock (&self->lock);
  g_free (client->info.peer);
  g_free (client);
  rc_publisher_unref (self);
}

static gchar *
list_streams (guint streams)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    if (streams & 1u << i)
      g_string_append_printf (
          list, "%s%s", list->len > 0 ? " or " : "", rc_stream_to_string (i));
  }
  return g_string_free (g_steal_pointer (&list), FALSE);
}

static RcServerAnswer
refuse (RcServerCall *call, guint status, gchar *message)
{
  call->status = status;
  g_free (call->status_message);
  call->status_message = message;
  return RC_SERVER_END;
}

/* SEND: it is served. */
static RcServerAnswer
admit_unlocked (RcPublisher *self, RcServerCall *call)
{
  guint wanted = call->request.streams & ((1u << RC_N_SET_STREAMS) - 1);
  Client *client;

  if (self->limits.max_clients > 0
      && self->clients->len >= self->limits.max_clients)
    return refuse (call, STATUS_RESOURCE_EXHAUSTED,
        g_strdup_printf ("no more than %u clients are served at a time",
            self->limits.max_clients));
  if (wanted != 0 && !(wanted & self->offered)) {
    g_autofree gchar *streams = list_streams (wanted);

    return refuse (call, STATUS_FAILED_PRECONDITION,
        g_strdup_printf ("this camera has no %s", streams));
  }

  client = g_new0 (Client, 1);
  client->publisher = rc_publisher_ref (self);
  client->info.id = call->id;
  client->info.peer = g_strdup (call->peer);
  client->info.streams = wanted;
  g_ptr_array_add (self->clients, client);
  call->data = client;
  call->data_free = free_client;
  /* What was just captured is for it, too. */
  call->position = self->n_published == 0 ? 0 : self->n_published - 1;
  return RC_SERVER_SEND;
}

/* The oldest set that the client has not had. What it does not ask for it is
 * not told of. */
static RcServedSet *
next_set_unlocked (RcPublisher *self, RcServerCall *call, Client *client)
{
  guint n_kept = g_queue_get_length (&self->kept);
  guint64 n_gone = self->n_published - n_kept;
  guint64 number;
  GList *link;

  if (call->position < n_gone) {
    client->info.sets_missed += n_gone - call->position;
    self->stats.sets_missed += n_gone - call->position;
    call->position = n_gone;
  }
  number = n_gone;
  for (link = self->kept.head; link != NULL; link = link->next) {
    RcServedSet *set = link->data;

    if (++number <= call->position)
      continue;
    call->position = number;
    if (client->info.streams == 0
        || (client->info.streams & rc_served_set_get_streams (set)))
      return rc_served_set_ref (set);
  }
  return NULL;
}

static guint64
message_size (GPtrArray *message)
{
  guint64 size = 0;

  for (guint i = 0; i < message->len; i++)
    size += g_bytes_get_size (message->pdata[i]);
  return size;
}

static void
count_sent (RcPublisher *self, Client *client, guint64 size)
{
  g_mutex_lock (&self->lock);
  client->info.sets_sent++;
  client->info.bytes_sent += size;
  self->stats.sets_sent++;
  self->stats.bytes_sent += size;
  g_mutex_unlock (&self->lock);
}

static RcServerAnswer
choose_unlocked (
    RcPublisher *self, RcServerCall *call, RcServedSet **set, gint64 *ask_at)
{
  if (call->data == NULL && admit_unlocked (self, call) == RC_SERVER_END)
    return RC_SERVER_END;

  collect_sets_unlocked (self);
  *set = next_set_unlocked (self, call, call->data);
  if (*set != NULL)
    return RC_SERVER_SEND;
  if (rc_set_assembler_has_ended (self->assembler))
    return RC_SERVER_END;
  *ask_at = rc_set_assembler_get_deadline (self->assembler);
  return RC_SERVER_WAIT;
}

RcServerAnswer
rc_publisher_serve (RcServer *server, RcServerCall *call, GPtrArray **message,
    gint64 *ask_at, gpointer user_data)
{
  RcPublisher *self = user_data;
  g_autoptr (RcServedSet) set = NULL;
  RcServerAnswer answer;

  g_mutex_lock (&self->lock);
  answer = choose_unlocked (self, call, &set, ask_at);
  g_mutex_unlock (&self->lock);
  if (answer != RC_SERVER_SEND)
    return answer;

  *message = rc_served_set_build (set, &call->request);
  count_sent (self, call->data, message_size (*message));
  return RC_SERVER_SEND;
}

/* ---- statistics ---- */

void
rc_publisher_get_stats (RcPublisher *self, RcPublisherStats *stats)
{
  g_mutex_lock (&self->lock);
  *stats = self->stats;
  stats->clients = self->clients->len;
  g_mutex_unlock (&self->lock);
}

static void
free_info (gpointer data)
{
  RcPublisherClient *info = data;

  g_free (info->peer);
  g_free (info);
}

GPtrArray *
rc_publisher_get_clients (RcPublisher *self)
{
  GPtrArray *infos = g_ptr_array_new_with_free_func (free_info);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->clients->len; i++) {
    const Client *client = self->clients->pdata[i];
    RcPublisherClient *info = g_memdup2 (&client->info, sizeof (*info));

    info->peer = g_strdup (client->info.peer);
    g_ptr_array_add (infos, info);
  }
  g_mutex_unlock (&self->lock);
  return infos;
}
