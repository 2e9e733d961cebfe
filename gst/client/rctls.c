/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/rctls.h"

struct _RcTlsHandshake {
  GTlsConnection *connection;
  GTlsCertificateFlags flaws; /* of the server's certificate */
};

/* ---- what went wrong ---- */

static RcClientError
classify_flaws (GTlsCertificateFlags flaws)
{
  /* One that nobody vouches for can say of itself what it likes. */
  if (flaws & G_TLS_CERTIFICATE_UNKNOWN_CA)
    return RC_CLIENT_ERROR_TLS_UNTRUSTED;
  if (flaws & (G_TLS_CERTIFICATE_EXPIRED | G_TLS_CERTIFICATE_NOT_ACTIVATED))
    return RC_CLIENT_ERROR_TLS_EXPIRED;
  if (flaws & G_TLS_CERTIFICATE_BAD_IDENTITY)
    return RC_CLIENT_ERROR_TLS_NAME;
  return RC_CLIENT_ERROR_TLS_UNTRUSTED;
}

static void
list_flaws (GString *text, GTlsCertificateFlags flaws)
{
  static const struct {
    GTlsCertificateFlags flaw;
    const gchar *words;
  } names[] = {
      {G_TLS_CERTIFICATE_UNKNOWN_CA, "signed by an unknown authority"},
      {G_TLS_CERTIFICATE_BAD_IDENTITY, "for another name"},
      {G_TLS_CERTIFICATE_NOT_ACTIVATED, "not valid yet"},
      {G_TLS_CERTIFICATE_EXPIRED, "expired"},
      {G_TLS_CERTIFICATE_REVOKED, "revoked"},
      {G_TLS_CERTIFICATE_INSECURE, "of an insecure algorithm"},
      {G_TLS_CERTIFICATE_GENERIC_ERROR, "not valid"},
  };

  for (guint i = 0, n = 0; i < G_N_ELEMENTS (names); i++) {
    if (flaws & names[i].flaw)
      g_string_append_printf (text, "%s%s", n++ ? ", " : "", names[i].words);
  }
}

static GError *
describe_flaws (GTlsCertificateFlags flaws)
{
  g_autoptr (GString) text = g_string_new ("the server's certificate is ");

  list_flaws (text, flaws);
  return g_error_new_literal (
      RC_CLIENT_ERROR, classify_flaws (flaws), text->str);
}

static GError *
describe_error (const GError *error)
{
  RcClientError code = RC_CLIENT_ERROR_TLS_FAILED;

  if (g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED))
    code = RC_CLIENT_ERROR_TLS_CLIENT_CERTIFICATE;
  return g_error_new_literal (RC_CLIENT_ERROR, code, error->message);
}

/* With TLS 1.3 the client is done with the handshake before the server has seen
 * its certificate: what is wrong with that, or that there is none, is an alert
 * in place of the first data. GLib has one code for all alerts. */
GError *
rc_tls_describe_error (const GError *error, gboolean anything_came)
{
  if (error->domain != G_TLS_ERROR || error->code == G_TLS_ERROR_EOF)
    return NULL;
  if (anything_came)
    return describe_error (error);
  return g_error_new_literal (
      RC_CLIENT_ERROR, RC_CLIENT_ERROR_TLS_CLIENT_CERTIFICATE, error->message);
}

/* ---- the handshake ---- */

static gboolean
on_bad_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags flaws, RcTlsHandshake *self)
{
  self->flaws = flaws;
  return FALSE;
}

static gboolean
load_authorities (RcTlsHandshake *self, const gchar *file, GError **error)
{
  g_autoptr (GTlsDatabase) database = NULL;
  g_autofree gchar *path = NULL;
  g_autoptr (GError) cause = NULL;

  if (file == NULL)
    return TRUE;
  /* GLib takes absolute names only here. */
  path = g_canonicalize_filename (file, NULL);
  database = g_tls_file_database_new (path, &cause);
  if (!database) {
    g_set_error (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TLS_SETTINGS,
        "the authorities' certificates: %s", cause->message);
    return FALSE;
  }
  g_tls_connection_set_database (self->connection, database);
  return TRUE;
}

static gboolean
load_certificate (RcTlsHandshake *self, const gchar *certificate_file,
    const gchar *key_file, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GError) cause = NULL;

  if (certificate_file == NULL && key_file == NULL)
    return TRUE;
  if (certificate_file == NULL) {
    g_set_error_literal (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TLS_SETTINGS,
        "a private key without a certificate");
    return FALSE;
  }
  /* A PEM file may hold both. */
  certificate = g_tls_certificate_new_from_files (
      certificate_file, key_file ? key_file : certificate_file, &cause);
  if (!certificate) {
    g_set_error (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TLS_SETTINGS,
        "the client's certificate and key: %s", cause->message);
    return FALSE;
  }
  g_tls_connection_set_certificate (self->connection, certificate);
  return TRUE;
}

RcTlsHandshake *
rc_tls_handshake_new (
    const RcClientConfig *config, GSocketConnection *transport, GError **error)
{
  static const gchar *const protocols[] = {"h2", NULL};
  g_autoptr (RcTlsHandshake) self = g_new0 (RcTlsHandshake, 1);
  g_autoptr (GSocketConnectable) identity = NULL;
  g_autoptr (GError) cause = NULL;
  GIOStream *stream;

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ())) {
    g_set_error_literal (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TLS_SETTINGS,
        "GLib has no TLS here: the package glib-networking is missing");
    return NULL;
  }
  identity = g_network_address_new (
      config->tls.server_name ? config->tls.server_name : config->host,
      config->port);
  stream =
      g_tls_client_connection_new (G_IO_STREAM (transport), identity, &cause);
  if (!stream) {
    g_set_error_literal (
        error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TLS_FAILED, cause->message);
    return NULL;
  }
  self->connection = G_TLS_CONNECTION (stream);
  g_signal_connect (self->connection, "accept-certificate",
      G_CALLBACK (on_bad_certificate), self);
  g_tls_connection_set_advertised_protocols (self->connection, protocols);
  /* Many servers just close the socket. */
  g_tls_connection_set_require_close_notify (self->connection, FALSE);

  if (!load_authorities (self, config->tls.ca_file, error)
      || !load_certificate (self, config->tls.certificate_file,
          config->tls.private_key_file, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
rc_tls_handshake_free (RcTlsHandshake *self)
{
  if (self->connection)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_object (&self->connection);
  g_free (self);
}

void
rc_tls_handshake_start (RcTlsHandshake *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_tls_connection_handshake_async (
      self->connection, G_PRIORITY_DEFAULT, cancellable, callback, user_data);
}

static void
take_handshake_error (const RcTlsHandshake *self, GError *cause, GError **error)
{
  if (self->flaws) {
    g_propagate_error (error, describe_flaws (self->flaws));
    g_error_free (cause);
    return;
  }
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_propagate_error (error, cause);
    return;
  }
  g_propagate_error (error, describe_error (cause));
  g_error_free (cause);
}

GTlsConnection *
rc_tls_handshake_finish (
    RcTlsHandshake *self, GAsyncResult *result, GError **error)
{
  const gchar *protocol;
  GError *cause = NULL;

  if (!g_tls_connection_handshake_finish (self->connection, result, &cause)) {
    take_handshake_error (self, cause, error);
    return NULL;
  }
  protocol = g_tls_connection_get_negotiated_protocol (self->connection);
  if (g_strcmp0 (protocol, "h2") != 0) {
    g_set_error_literal (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_NOT_A_CAMERA,
        "the server speaks TLS, but no HTTP/2 over it");
    return NULL;
  }
  return g_object_ref (self->connection);
}
