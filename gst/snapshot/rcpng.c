/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "snapshot/rcpng.h"

#include <png.h>

/* Of the pieces that are written, bytes. */
#define BUFFER_SIZE (64 * 1024)

typedef struct {
  RcNewFile *file;
  GError **error; /* set before png_error () */
} Output;

/* Leaves by longjmp () where it fails. */
static void
write_piece (png_structp png, png_bytep data, png_size_t size)
{
  Output *output = png_get_io_ptr (png);

  if (!rc_new_file_write (output->file, data, size, output->error))
    png_error (png, "cannot write");
}

static void
flush_nothing (png_structp png)
{
}

static void
take_error (png_structp png, png_const_charp text)
{
  Output *output = png_get_error_ptr (png);

  if (output->error != NULL && *output->error == NULL)
    g_set_error (output->error, RC_NEW_FILE_ERROR, RC_NEW_FILE_ERROR_WRITE,
        "PNG: %s", text);
  png_longjmp (png, 1);
}

static void
ignore_warning (png_structp png, png_const_charp text)
{
}

static void
write_header (png_structp png, png_infop info, const RcPngImage *image)
{
  gboolean wide =
      image->format == RC_PNG_GRAY16_LE || image->format == RC_PNG_GRAY16_BE;

  png_set_IHDR (png, info, image->width, image->height, wide ? 16 : 8,
      image->format == RC_PNG_RGB ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
      PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
      PNG_FILTER_TYPE_DEFAULT);
  png_write_info (png, info);
  /* In the file they are in big endian. */
  if (image->format == RC_PNG_GRAY16_LE)
    png_set_swap (png);
}

/* Compressing what becomes small can take seconds in which nothing is written:
 * so each row looks whether it is still wanted. */
static void
write_rows (png_structp png, const RcPngImage *image)
{
  Output *output = png_get_io_ptr (png);

  for (gsize row = 0; row < image->height; row++) {
    if (!rc_new_file_is_wanted (output->file, output->error))
      png_error (png, "cancelled");
    png_write_row (png, image->pixels + row * image->stride);
  }
}

/* No variable of this function changes between setjmp () and longjmp (). */
static gboolean
write_image (png_structp png, png_infop info, const RcPngImage *image)
{
  if (setjmp (png_jmpbuf (png)) != 0)
    return FALSE;

  write_header (png, info, image);
  write_rows (png, image);
  png_write_end (png, info);
  return TRUE;
}

gboolean
rc_png_write (
    const RcPngImage *image, guint level, RcNewFile *file, GError **error)
{
  g_autoptr (GError) own_error = NULL;
  Output output = {file, &own_error};
  png_structp png;
  png_infop info;
  gboolean done = FALSE;

  png = png_create_write_struct (
      PNG_LIBPNG_VER_STRING, &output, take_error, ignore_warning);
  info = png != NULL ? png_create_info_struct (png) : NULL;
  if (info != NULL) {
    png_set_write_fn (png, &output, write_piece, flush_nothing);
    png_set_compression_level (png, level);
    png_set_compression_buffer_size (png, BUFFER_SIZE);
    done = write_image (png, info, image);
  } else {
    g_set_error_literal (&own_error, RC_NEW_FILE_ERROR, RC_NEW_FILE_ERROR_WRITE,
        "PNG: no memory");
  }
  png_destroy_write_struct (&png, &info);
  if (!done)
    g_propagate_error (error, g_steal_pointer (&own_error));
  return done;
}
