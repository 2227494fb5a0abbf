/* SPDX-License-Identifier: MIT */
/* Landfall's own serial log: where the image lies, and what a Linux would not have reserved. */
#include "tools/predict/ownlog.h"

#include <string.h>

#include "lib/scan.h"
#include "mm/kaslr.h"
#include "tools/predict/text.h"

/* "CPU: AuthenticAMD, 40 address bits; using 5 levels, pages up to 4k": last_pfn tells the levels. */
static void read_cpu(struct facts *f, const char *s)
{
	const char *size = text_behind(s, " levels, pages up to ");

	if (!size)
		return;
	f->pse = text_begins(size, "4k") ? NO : YES;
	f->gbpages = text_begins(size, "1g") ? YES : NO;
}

/* "[mem 0x05600000-0x057a3fff] on node 0; table buffer 0x5794000": the buffer is the image's end. */
static void read_image(struct facts *f, const char *s)
{
	const char *buffer = text_behind(s, "; table buffer ");
	struct range image;
	uint64_t at;

	if (!buffer || !text_range(&s, &image) || !text_hex(&buffer, &at) || at <= image.start || at >= image.end)
		return;
	f->kernel = image;
	f->buffer = (struct range){ at, min_u64(image.end, at + 16 * PAGE_SIZE) };
}

/* "[mem 0x05600000-0x057a3fff] module". The image is reserved anyway. */
static bool read_reserved(struct facts *f, const char *s)
{
	struct range r;

	if (!text_range(&s, &r) || text_begins(s, " image"))
		return true;
	return range_list_add(&f->boot_services, r);
}

static void begin(struct facts *f)
{
	f->own = true;
	f->own_loaded = KASLR_PREFERRED;
	f->kaslr = NO;
	f->boot_services.nr = 0;
	f->nodes_told = true;
}

bool ownlog_take(struct facts *f, const char *message, struct input_error *err)
{
	uint64_t at;

	if (scan_skip(&message, "Landfall ")) {
		if (strstr(message, ": where do early page tables land?"))
			begin(f);
	} else if (!f->own) {
		return true;
	} else if (scan_skip(&message, "CPU: ")) {
		read_cpu(f, message);
	} else if (scan_skip(&message, "image: ")) {
		read_image(f, message);
	} else if (scan_skip(&message, "image was loaded at ") && text_hex(&message, &at)) {
		f->own_loaded = at;
	} else if (scan_skip(&message, "direct map goes to ") && text_hex(&message, &at)) {
		f->own_page_offset = at;
	} else if (scan_skip(&message, "reserved: ") && !read_reserved(f, message)) {
		return input_refuse(err, "too many reserved ranges");
	}
	return true;
}

void ownlog_words(const struct facts *f, char words[CMDLINE_MAX])
{
	static const char *const heeded[] = { "linux=", "hotplug=", "fragment=", "seed=", "image_size=", "kaslr=" };
	char *out = words;

	for (const char *p = f->cmdline; f->own && *(p += strspn(p, " \t"));) {
		size_t n = strcspn(p, " \t");

		for_each (option, heeded, ARRAY_SIZE(heeded)) {
			if (text_begins(p, *option)) {
				memcpy(out, p, n);
				out[n] = ' ';
				out += n + 1;
			}
		}
		p += n;
	}
	*out = '\0';
}
