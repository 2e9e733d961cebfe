/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/rcservercredentials.h"

#include <grpc/grpc_security.h>
#include <string.h>

typedef struct {
  gchar *certificate;
  gchar *private_key;
  gchar *ca;
} PemFiles;

/* In the error is the file's name, never what is in it. */
static gboolean
read_file (const gchar *name, gchar **contents, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (g_file_get_contents (name, contents, NULL, &local_error))
    return TRUE;
  g_set_error_literal (error, RC_SERVER_ERROR, RC_SERVER_ERROR_CREDENTIALS,
      local_error->message);
  return FALSE;
}

static void
clear_files (PemFiles *files)
{
  if (files->private_key)
    explicit_bzero (files->private_key, strlen (files->private_key));
  g_free (files->private_key);
  g_free (files->certificate);
  g_free (files->ca);
}

static gboolean
read_files (const RcServerConfig *config, PemFiles *files, GError **error)
{
  if (!config->tls_private_key_file) {
    g_set_error (error, RC_SERVER_ERROR, RC_SERVER_ERROR_CREDENTIALS,
        "%s has no key", config->tls_certificate_file);
    return FALSE;
  }
  return read_file (config->tls_certificate_file, &files->certificate, error)
         && read_file (config->tls_private_key_file, &files->private_key, error)
         && (!config->tls_ca_file
             || read_file (config->tls_ca_file, &files->ca, error));
}

grpc_server_credentials *
rc_server_credentials_new (const RcServerConfig *config, GError **error)
{
  grpc_server_credentials *credentials = NULL;
  PemFiles files = {NULL};

  if (!config->tls_certificate_file)
    return grpc_insecure_server_credentials_create ();
  if (read_files (config, &files, error)) {
    grpc_ssl_pem_key_cert_pair pair = {files.private_key, files.certificate};

    credentials = grpc_ssl_server_credentials_create_ex (files.ca, &pair, 1,
        files.ca ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                 : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
        NULL);
  }
  clear_files (&files);
  return credentials;
}
