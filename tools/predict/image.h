/* SPDX-License-Identifier: MIT */
/* What a kernel's bzImage tells of its geometry: its header, and the ELF file that is compressed in it. */
#ifndef TOOLS_PREDICT_IMAGE_H
#define TOOLS_PREDICT_IMAGE_H

#include "tools/predict/facts.h"

struct kernel_image {
	char release[80];
	uint32_t version;     /* LINUX_RELEASE of it; 0: it does not begin with numbers */
	uint64_t pref;        /* where it lies without KASLR */
	uint64_t alignment;   /* of every base */
	uint64_t init_size;   /* of the buffer in which it decompresses itself, which begins at pref */
	uint64_t output_len;  /* size of the file in it */
	struct range payload; /* where in the bzImage that file is, compressed, without its length */
	uint64_t end;         /* _end less _text; 0: not told */
	unsigned buffer;      /* pages of its page-table buffer; 0: not told */
	const char *unpacker; /* the program that unpacks that file; NULL: none is known */
};

/* Reads the header of a bzImage. False: *err says what is wrong with it. */
MUST_CHECK bool kernel_image_parse(const uint8_t *bytes, size_t len, struct kernel_image *image,
				   struct input_error *err);

/* Reads _end and the page-table buffer from the ELF file; false: it does not tell them. */
MUST_CHECK bool kernel_image_read_elf(const uint8_t *elf, size_t len, struct kernel_image *image);

/* Reads a bzImage whole. Where its unpacker is not known or not installed `end` stays 0. False: *err. */
MUST_CHECK bool kernel_image_read(const char *path, struct kernel_image *image, struct input_error *err);

/* Bytes that a slot of KASLR has to hold for it; where `end` is not told, as many as its buffer has. */
uint64_t kernel_image_slot(const struct kernel_image *image);

#endif
