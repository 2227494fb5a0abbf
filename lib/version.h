/* SPDX-License-Identifier: MIT */
/* The version: the one place that names it. The Makefile and the tools in Python read it here. */
#ifndef LIB_VERSION_H
#define LIB_VERSION_H

#define LANDFALL_VERSION "0.2.0"

#endif
