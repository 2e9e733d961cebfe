/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "simfault.h"

#include <string.h>

#define MAX_SIDE 8192
#define MIN_SIDE 64
/* gRPC has 32 bits for a message's length. */
#define MAX_HUGE (G_GUINT64_CONSTANT (4) * 1024 * 1024 * 1024 - 64)

#define KIND(kind) (1u << SIM_FAULT_##kind)
#define ALL_KINDS ((1u << SIM_N_FAULT_KINDS) - 1)

/* Where and when a kind befalls a stream if it is not said. */
static const struct {
  const gchar *name;
  guint64 at;    /* 0: from every */
  guint64 every; /* 0: once a call */
  gboolean first_call_only;
  const gchar *summary;
} kinds[] = {
    [SIM_FAULT_CLOSE] = {"close", 10, 0, TRUE,
        "after set N, or in it, the connection ends (TCP FIN)"},
    [SIM_FAULT_RESET] = {"reset", 10, 0, TRUE,
        "after set N, or in it, the connection breaks (TCP RST)"},
    [SIM_FAULT_RESTART] = {"restart", 10, 0, TRUE,
        "after set N all connections end; the port is closed for T s"},
    [SIM_FAULT_STALL] = {"stall", 10, 0, TRUE,
        "from set N on nothing is sent, for T s or for ever"},
    [SIM_FAULT_SLOW] = {"slow", 1, 0, FALSE,
        "from set N on the connection carries so many bytes a second"},
    [SIM_FAULT_STATUS] = {"status", 10, 0, TRUE,
        "instead of set N the call ends with a gRPC status"},
    [SIM_FAULT_DROP_SETS] = {"drop-sets", 0, 10, FALSE, "set N is left out"},
    [SIM_FAULT_REORDER] = {"reorder", 0, 10, FALSE,
        "set N comes after the one that follows it"},
    [SIM_FAULT_DUPLICATE] = {"duplicate", 0, 10, FALSE, "set N comes twice"},
    [SIM_FAULT_RESIZE] = {"resize", 10, 0, TRUE,
        "from set N on, for all, another size; the next time the old one"},
    [SIM_FAULT_CLOCK_JUMP] = {"clock-jump", 10, 0, TRUE,
        "from set N on, for all, the camera's clock is another"},
    [SIM_FAULT_LIE] = {"lie", 0, 10, FALSE, "set N says what is not so"},
    [SIM_FAULT_CORRUPT] = {"corrupt", 1, 1, FALSE, "bits of set N are flipped"},
    [SIM_FAULT_TRUNCATE] = {"truncate", 0, 10, FALSE, "set N is cut short"},
    [SIM_FAULT_HUGE] = {"huge", 10, 0, FALSE, "set N is inflated with zeros"},
};
G_STATIC_ASSERT (G_N_ELEMENTS (kinds) == SIM_N_FAULT_KINDS);

/* gRPC's, in the order of their numbers. */
static const gchar *const statuses[] = {"OK", "CANCELLED", "UNKNOWN",
    "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
    "UNAUTHENTICATED"};
#define UNAVAILABLE 14

/* --- values --- */

static gboolean
parse_count (const gchar *value, guint64 *count)
{
  return g_ascii_string_to_unsigned (value, 10, 1, G_MAXINT64, count, NULL);
}

static gboolean
parse_at (SimFault *fault, const gchar *value)
{
  return parse_count (value, &fault->at);
}

static gboolean
parse_every (SimFault *fault, const gchar *value)
{
  return parse_count (value, &fault->every);
}

/* NaN is in no range. */
static gboolean
parse_number (const gchar *value, gdouble from, gdouble to, gdouble *number)
{
  gchar *end;

  *number = g_ascii_strtod (value, &end);
  return end != value && *end == '\0' && *number >= from && *number <= to;
}

static gboolean
parse_probability (SimFault *fault, const gchar *value)
{
  return parse_number (value, 0, 1, &fault->probability);
}

static gboolean
parse_calls (SimFault *fault, const gchar *value)
{
  g_auto (GStrv) ends = NULL;

  fault->first_call = 1;
  fault->last_call = G_MAXUINT64;
  if (g_str_equal (value, "all"))
    return TRUE;
  if (g_str_equal (value, "first"))
    value = "1";
  ends = g_strsplit (value, "-", 2);
  if (!ends[0] || !parse_count (ends[0], &fault->first_call))
    return FALSE;
  if (!ends[1])
    fault->last_call = fault->first_call;
  else if (*ends[1] && !parse_count (ends[1], &fault->last_call))
    return FALSE;
  return fault->first_call <= fault->last_call;
}

static gboolean
parse_seed (SimFault *fault, const gchar *value)
{
  return g_ascii_string_to_unsigned (
      value, 10, 0, G_MAXUINT32, &fault->seed, NULL);
}

static gboolean
parse_for (SimFault *fault, const gchar *value)
{
  return parse_number (value, 0, 1e6, &fault->duration);
}

static gboolean
parse_size (const gchar *value, guint64 from, guint64 to, guint64 *size)
{
  gsize length = strlen (value);
  const gchar *units = "kMG";
  const gchar *unit = length > 1 ? strchr (units, value[length - 1]) : NULL;
  g_autofree gchar *digits = g_strndup (value, unit ? length - 1 : length);
  guint shift = unit ? 10 * (unit - units + 1) : 0;

  if (!g_ascii_string_to_unsigned (digits, 10, 0, to >> shift, size, NULL))
    return FALSE;
  *size <<= shift;
  return *size >= from;
}

static gboolean
parse_bytes (SimFault *fault, const gchar *value)
{
  fault->has_bytes = TRUE;
  return parse_size (value, 0, MAX_HUGE, &fault->bytes);
}

static gboolean
parse_boolean (const gchar *value, gboolean *truth)
{
  *truth = g_str_equal (value, "true");
  return *truth || g_str_equal (value, "false");
}

static gboolean
parse_dead (SimFault *fault, const gchar *value)
{
  return parse_boolean (value, &fault->dead);
}

static gboolean
parse_frame (SimFault *fault, const gchar *value)
{
  return parse_boolean (value, &fault->frame);
}

static gboolean
parse_gzip (SimFault *fault, const gchar *value)
{
  return parse_boolean (value, &fault->gzip);
}

static gboolean
parse_speed (SimFault *fault, const gchar *value)
{
  guint64 speed;
  gboolean good = parse_size (value, 1, G_MAXINT32, &speed);

  fault->speed = good ? speed : 0;
  return good;
}

static gboolean
parse_flip_rate (SimFault *fault, const gchar *value)
{
  return parse_number (value, 0, 1, &fault->flip_rate);
}

static gboolean
parse_which (SimFault *fault, const gchar *value)
{
  return sim_lie_from_string (&fault->lie, value);
}

static gboolean
parse_sides (SimFault *fault, const gchar *value)
{
  g_auto (GStrv) sides = g_strsplit (value, "x", -1);

  return g_strv_length (sides) == 2
         && g_ascii_string_to_unsigned (
             sides[0], 10, MIN_SIDE, MAX_SIDE, &fault->width, NULL)
         && g_ascii_string_to_unsigned (
             sides[1], 10, MIN_SIDE, MAX_SIDE, &fault->height, NULL);
}

static gboolean
parse_by (SimFault *fault, const gchar *value)
{
  fault->year = 0;
  return parse_number (value, -G_MAXINT32, G_MAXINT32, &fault->jump);
}

static gboolean
parse_to (SimFault *fault, const gchar *value)
{
  return g_ascii_string_to_unsigned (value, 10, 1970, 2037, &fault->year, NULL);
}

static gboolean
parse_code (SimFault *fault, const gchar *value)
{
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++) {
    if (g_ascii_strcasecmp (value, statuses[i]) == 0) {
      fault->status = i;
      return TRUE;
    }
  }
  return g_ascii_string_to_unsigned (
      value, 10, 0, G_N_ELEMENTS (statuses) - 1, &fault->status, NULL);
}

static gboolean
parse_message (SimFault *fault, const gchar *value)
{
  g_free (fault->message);
  fault->message = g_strdup (value);
  return g_utf8_validate (value, -1, NULL);
}

static const struct {
  const gchar *name;
  guint kinds;
  gboolean (*parse) (SimFault *fault, const gchar *value);
  const gchar *values;
} parameters[] = {
    {"at", ALL_KINDS, parse_at, "the number of a set in its call, from 1"},
    {"every", ALL_KINDS, parse_every, "a number of sets, from 1"},
    {"probability", ALL_KINDS, parse_probability, "from 0 to 1"},
    {"calls", ALL_KINDS, parse_calls, "all, first, N, N-M or N-"},
    {"seed", ALL_KINDS, parse_seed, "from 0 to 4294967295"},
    {"for", KIND (RESTART) | KIND (STALL) | KIND (SLOW), parse_for,
        "seconds, from 0"},
    {"bytes",
        KIND (CLOSE) | KIND (RESET) | KIND (RESTART) | KIND (STALL)
            | KIND (TRUNCATE) | KIND (HUGE),
        parse_bytes, "a size as 100, 4k, 16M, 1G; below 4G"},
    {"dead", KIND (STALL), parse_dead, "true or false"},
    {"frame", KIND (TRUNCATE), parse_frame, "true or false"},
    {"rate", KIND (SLOW), parse_speed, "bytes a second, as 500, 64k, 2M"},
    {"rate", KIND (CORRUPT), parse_flip_rate, "a probability, from 0 to 1"},
    {"which", KIND (LIE), parse_which, "the name of a lie, see --help"},
    {"size", KIND (RESIZE), parse_sides, "WxH, each from 64 to 8192"},
    {"by", KIND (CLOCK_JUMP), parse_by, "seconds"},
    {"to", KIND (CLOCK_JUMP), parse_to, "a year, from 1970 to 2037"},
    {"code", KIND (STATUS), parse_code,
        "the name or number (0 to 16) of a gRPC status"},
    {"message", KIND (STATUS), parse_message, "text without a comma, UTF-8"},
    {"gzip", KIND (HUGE), parse_gzip, "true or false"},
};

/* --- a fault --- */

static gboolean bad_fault (GError **error, const gchar *format, ...)
    G_GNUC_PRINTF (2, 3);

static gboolean
bad_fault (GError **error, const gchar *format, ...)
{
  g_autofree gchar *what = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "Bad value for --fault: %s.", what);
  return FALSE;
}

static gchar *
list_kinds (void)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < SIM_N_FAULT_KINDS; i++)
    g_string_append_printf (list, "%s%s", i ? ", " : "", kinds[i].name);
  return g_string_free (g_steal_pointer (&list), FALSE);
}

static gchar *
list_parameters (SimFaultKind kind)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (parameters); i++)
    if (parameters[i].kinds & 1u << kind)
      g_string_append_printf (
          list, "%s%s", list->len ? ", " : "", parameters[i].name);
  return g_string_free (g_steal_pointer (&list), FALSE);
}

static gboolean
parse_kind (const gchar *name, SimFaultKind *kind, GError **error)
{
  for (guint i = 0; i < SIM_N_FAULT_KINDS; i++) {
    if (g_str_equal (name, kinds[i].name)) {
      *kind = i;
      return TRUE;
    }
  }
  g_autofree gchar *list = list_kinds ();
  return bad_fault (error, "no kind '%s'; kinds are %s", name, list);
}

static gboolean
parse_parameter (SimFault *fault, const gchar *assignment, GError **error)
{
  const gchar *kind = kinds[fault->kind].name;
  g_auto (GStrv) sides = g_strsplit (assignment, "=", 2);

  if (!sides[0] || !sides[1])
    return bad_fault (
        error, "'%s' in %s is not PARAMETER=VALUE", assignment, kind);
  for (guint i = 0; i < G_N_ELEMENTS (parameters); i++) {
    if (!g_str_equal (sides[0], parameters[i].name)
        || !(parameters[i].kinds & 1u << fault->kind))
      continue;
    return parameters[i].parse (fault, sides[1])
           || bad_fault (error, "%s of %s must be %s, not '%s'", sides[0], kind,
               parameters[i].values, sides[1]);
  }
  g_autofree gchar *list = list_parameters (fault->kind);
  return bad_fault (
      error, "%s has no parameter '%s'; it has %s", kind, sides[0], list);
}

static void
set_defaults (SimFault *fault)
{
  fault->probability = -1;
  fault->first_call = 1;
  fault->last_call = kinds[fault->kind].first_call_only ? 1 : G_MAXUINT64;
  fault->duration =
      fault->kind == SIM_FAULT_RESTART ? 1.0 : (gdouble)SIM_FOR_EVER;
  fault->speed = 1024 * 1024;
  fault->flip_rate = 1e-6;
  fault->lie = SIM_LIE_HEIGHT_TIMES_STEP;
  fault->width = 640;
  fault->height = 480;
  fault->year = 1970;
  fault->status = UNAVAILABLE;
}

/* What was not said depends on what was. */
static void
set_occasion (SimFault *fault)
{
  if (fault->at == 0 && fault->every == 0) {
    fault->at = kinds[fault->kind].at;
    fault->every = kinds[fault->kind].every;
    if (fault->probability >= 0)
      fault->at = fault->every = 1;
  }
  if (fault->at == 0)
    fault->at = fault->every;
  if (fault->probability < 0)
    fault->probability = 1;
}

static void
set_amount (SimFault *fault)
{
  if (fault->kind == SIM_FAULT_HUGE && !fault->has_bytes)
    fault->bytes = G_GUINT64_CONSTANT (1) << 30;
  if (fault->kind == SIM_FAULT_STALL && fault->has_bytes)
    fault->dead = TRUE;
}

SimFault *
sim_fault_parse (const gchar *text, GError **error)
{
  g_autoptr (SimFault) fault = g_new0 (SimFault, 1);
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);

  if (!parse_kind (parts[0] ? parts[0] : "", &fault->kind, error))
    return NULL;
  set_defaults (fault);
  if (parts[0] && parts[1]) {
    g_auto (GStrv) assignments = g_strsplit (parts[1], ",", -1);

    if (!assignments[0])
      return (bad_fault (error, "nothing after '%s'", text), NULL);
    for (guint i = 0; assignments[i]; i++)
      if (!parse_parameter (fault, assignments[i], error))
        return NULL;
  }
  set_occasion (fault);
  set_amount (fault);
  return g_steal_pointer (&fault);
}

void
sim_fault_free (SimFault *fault)
{
  g_free (fault->message);
  g_free (fault);
}

gboolean
sim_fault_needs_relay (const SimFault *fault)
{
  switch (fault->kind) {
  case SIM_FAULT_CLOSE:
  case SIM_FAULT_RESET:
  case SIM_FAULT_RESTART:
  case SIM_FAULT_SLOW:
    return TRUE;
  case SIM_FAULT_STALL:
    return fault->dead;
  case SIM_FAULT_TRUNCATE:
    return fault->frame;
  default:
    return FALSE;
  }
}

/* --- help --- */

static void
append_list (GString *text, const gchar *list)
{
  g_auto (GStrv) words = g_strsplit (list, ", ", -1);
  gsize column = 0;

  for (guint i = 0; words[i]; i++) {
    if (column == 0 || column + strlen (words[i]) > 74) {
      g_string_append (text, column == 0 ? "    " : ",\n    ");
      column = 4;
    } else {
      g_string_append (text, ", ");
      column += 2;
    }
    g_string_append (text, words[i]);
    column += strlen (words[i]);
  }
  g_string_append_c (text, '\n');
}

static gchar *
list_lies (void)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < SIM_N_LIES; i++)
    g_string_append_printf (list, "%s%s", i ? ", " : "", sim_lie_to_string (i));
  return g_string_free (g_steal_pointer (&list), FALSE);
}

gchar *
sim_fault_describe (void)
{
  g_autoptr (GString) text = g_string_new ("Kinds of faults:\n");
  g_autofree gchar *lies = list_lies ();

  for (guint i = 0; i < SIM_N_FAULT_KINDS; i++)
    g_string_append_printf (
        text, "  %-10s %s\n", kinds[i].name, kinds[i].summary);
  g_string_append (text, "Their parameters:\n");
  for (guint i = 0; i < G_N_ELEMENTS (parameters); i++) {
    g_autoptr (GString) of = g_string_new (NULL);

    for (guint k = 0; k < SIM_N_FAULT_KINDS; k++)
      if (parameters[i].kinds != ALL_KINDS && parameters[i].kinds & 1u << k)
        g_string_append_printf (
            of, "%s%s", of->len ? ", " : "  of ", kinds[k].name);
    g_string_append_printf (
        text, "  %-12s %s\n", parameters[i].name, parameters[i].values);
    if (of->len)
      g_string_append_printf (text, "             %s\n", of->str);
  }
  g_string_append (text, "The lies:\n");
  append_list (text, lies);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
