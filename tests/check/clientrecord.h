/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A client, and what it says in its callbacks. */

#pragma once

#include <gio/gio.h>

#include "client/rcclient.h"

G_BEGIN_DECLS

extern const RcRequest request_left;
extern const RcRequest request_right;

/* Callbacks write from the client's threads, the test reads. */
typedef struct {
  GMutex lock;
  guint n_ended;
  guint n_events_failed;
  guint n_others;
  GError *error;
} Record;

/* Their user data is a Record. */
extern const RcClientCallbacks record_callbacks;

void record_init (Record *record);
void record_clear (Record *record);

/* With events. @timeout: ns */
RcClient *record_client (
    Record *record, const gchar *host, guint16 port, guint64 timeout);

/* Serves the default main context meanwhile, where the tests' servers live. */
void record_wait_for_end (Record *record);

G_END_DECLS
