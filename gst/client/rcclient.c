/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/rcclientprivate.h"

GQuark
rc_client_error_quark (void)
{
  return g_quark_from_static_string ("rc-client-error-quark");
}

const gchar *
rc_client_state_to_string (RcClientState state)
{
  switch (state) {
  case RC_CLIENT_IDLE:
    return "idle";
  case RC_CLIENT_CONNECTING:
    return "connecting";
  case RC_CLIENT_STREAMING:
    return "streaming";
  case RC_CLIENT_DISCONNECTED:
    return "disconnected";
  case RC_CLIENT_ENDED:
    return "ended";
  }
  return "unknown";
}

gboolean
rc_client_is_over_unlocked (RcClient *self)
{
  return self->cancelled || self->state == RC_CLIENT_ENDED;
}

RcClientWaits
rc_client_take_waits_unlocked (RcClient *self, RcClientWaitFlags which)
{
  RcClientWaits taken = {0};

  if (which & RC_CLIENT_WAIT_CONNECTING)
    g_set_object (&taken.connecting, self->waits.connecting);
  if (which & RC_CLIENT_WAIT_IMAGES && self->waits.images_call)
    taken.images_call = rc_call_ref (self->waits.images_call);
  if (which & RC_CLIENT_WAIT_EVENTS && self->waits.events_call)
    taken.events_call = rc_call_ref (self->waits.events_call);
  return taken;
}

static void
cancel_call (RcCall *call)
{
  rc_call_cancel (call);
  rc_call_unref (call);
}

void
rc_client_cancel_waits (RcClientWaits *waits)
{
  g_clear_pointer (&waits->images_call, cancel_call);
  g_clear_pointer (&waits->events_call, cancel_call);
  g_cancellable_cancel (waits->connecting);
  g_clear_object (&waits->connecting);
}

void
rc_client_withdraw_call (RcClient *self, RcCall **slot)
{
  RcCall *call;

  g_mutex_lock (&self->lock);
  call = g_steal_pointer (slot);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&call, rc_call_unref);
}

static const gchar *
keep_string (RcClient *self, const gchar *string)
{
  gchar *copy = g_strdup (string);

  g_ptr_array_add (self->strings, copy);
  return copy;
}

static void
copy_config (RcClient *self, const RcClientConfig *config)
{
  RcTlsConfig *tls = &self->config.tls;

  self->config = *config;
  self->strings = g_ptr_array_new_with_free_func (g_free);
  self->config.host = keep_string (self, config->host);
  tls->ca_file = keep_string (self, tls->ca_file);
  tls->certificate_file = keep_string (self, tls->certificate_file);
  tls->private_key_file = keep_string (self, tls->private_key_file);
  tls->server_name = keep_string (self, tls->server_name);
}

RcClient *
rc_client_new (const RcClientConfig *config, const RcClientCallbacks *callbacks,
    gpointer user_data, GError **error)
{
  g_autoptr (RcClient) self = g_new0 (RcClient, 1);
  g_autoptr (GError) cause = NULL;

  grpc_init ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  copy_config (self, config);
  self->callbacks = *callbacks;
  self->user_data = user_data;

  self->images_thread =
      g_thread_try_new ("rcgrpc-images", rc_client_images_thread, self, &cause);
  if (self->images_thread && config->image_events)
    self->events_thread = g_thread_try_new (
        "rcgrpc-events", rc_client_events_thread, self, &cause);
  if (cause) {
    g_set_error_literal (
        error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_RESOURCES, cause->message);
    return NULL;
  }
  return g_steal_pointer (&self);
}

static gboolean
is_same_question_unlocked (RcClient *self, const RcRequest *request)
{
  if (!request || !self->have_request)
    return !request && !self->have_request;
  return rc_request_equal (request, &self->request);
}

void
rc_client_set_request (RcClient *client, const RcRequest *request)
{
  RcClientWaits waits = {0};

  g_mutex_lock (&client->lock);
  if (!rc_client_is_over_unlocked (client)
      && !is_same_question_unlocked (client, request)) {
    client->serial++;
    if (!request)
      client->state = RC_CLIENT_IDLE;
    else if (client->state != RC_CLIENT_DISCONNECTED)
      client->state = RC_CLIENT_CONNECTING;
    waits = rc_client_take_waits_unlocked (
        client, request ? RC_CLIENT_WAIT_IMAGES : RC_CLIENT_WAIT_ALL);
    g_cond_broadcast (&client->changed);
  }
  client->have_request = request != NULL;
  if (request)
    client->request = *request;
  g_mutex_unlock (&client->lock);
  rc_client_cancel_waits (&waits);
}

RcClientState
rc_client_get_state (RcClient *client)
{
  RcClientState state;

  g_mutex_lock (&client->lock);
  state = client->state;
  g_mutex_unlock (&client->lock);
  return state;
}

void
rc_client_cancel (RcClient *client)
{
  RcClientWaits waits;

  g_mutex_lock (&client->lock);
  client->cancelled = TRUE;
  if (client->state != RC_CLIENT_ENDED)
    client->state = RC_CLIENT_IDLE;
  waits = rc_client_take_waits_unlocked (client, RC_CLIENT_WAIT_ALL);
  g_cond_broadcast (&client->changed);
  g_mutex_unlock (&client->lock);
  rc_client_cancel_waits (&waits);
}

void
rc_client_free (RcClient *client)
{
  rc_client_cancel (client);
  g_clear_pointer (&client->images_thread, g_thread_join);
  g_clear_pointer (&client->events_thread, g_thread_join);

  g_clear_pointer (&client->connection, rc_connection_unref);
  g_mutex_clear (&client->lock);
  g_cond_clear (&client->changed);
  g_ptr_array_unref (client->strings);
  g_free (client);
  grpc_shutdown ();
}
