/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small writer of ACPI machine language: names, packages, devices, resource
 * templates.  Objects that contain others are opened and closed; running out
 * of room is remembered and told at the end.
 */
#ifndef BOARD_AML_H
#define BOARD_AML_H

#include "base/base.h"

#define BOARD_AML_DEPTH 8

struct board_aml {
    uint8_t *bytes;
    size_t len, room;
    bool overflow;
    size_t open[BOARD_AML_DEPTH]; /* where the package lengths go */
    unsigned depth;
};

/* Names are one segment of 4 characters, with a leading backslash for the root. */
void board_aml_scope(struct board_aml *aml, const char *name);
void board_aml_device(struct board_aml *aml, const char *name);
void board_aml_package(struct board_aml *aml, uint8_t n_elements);
void board_aml_close(struct board_aml *aml);
/* Name(name, ...): a value or package follows. */
void board_aml_name(struct board_aml *aml, const char *name);
void board_aml_integer(struct board_aml *aml, uint32_t value);
void board_aml_string(struct board_aml *aml, const char *text);
void board_aml_name_integer(struct board_aml *aml, const char *name, uint32_t value);
void board_aml_name_string(struct board_aml *aml, const char *name, const char *text);
void board_aml_hid(struct board_aml *aml, const char *eisa_id); /* "PNP0A03" */

/* Name(_CRS, ResourceTemplate() {...}): between open and close, resources only. */
void board_aml_resources(struct board_aml *aml);
void board_aml_resources_end(struct board_aml *aml);
void board_aml_io(struct board_aml *aml, uint16_t port, uint8_t n);
void board_aml_irq(struct board_aml *aml, unsigned line);
void board_aml_memory(struct board_aml *aml, uint32_t base, uint32_t len);
enum board_aml_space { BOARD_AML_MEMORY, BOARD_AML_IO, BOARD_AML_BUS };
/* What a bridge decodes: [first, last]. */
void board_aml_window16(struct board_aml *aml, enum board_aml_space space, uint16_t first,
                        uint16_t last);
void board_aml_window32(struct board_aml *aml, uint32_t first, uint32_t last);
void board_aml_window64(struct board_aml *aml, uint64_t first, uint64_t last);

#endif
