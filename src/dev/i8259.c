/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel 8259A data sheet; ELCR (ports 4D0h, 4D1h) as in later PC chip sets.
 *
 * Edge-triggered inputs latch their request until it is acknowledged or the
 * chip is initialised again; that the line must stay high until INTA is not
 * modelled, as no PC device relies on it.
 */
#include "dev/i8259.h"

enum { ICW1_ICW4 = 0x01, ICW1_SINGLE = 0x02, ICW1 = 0x10, OCW3 = 0x08 };
enum { CASCADE = 2, SPURIOUS = 7 };

void dev_i8259_init(struct dev_i8259 *pic, void (*output)(void *ctx, bool level), void *ctx)
{
    memset(pic, 0, sizeof(*pic));
    pic->output = output;
    pic->ctx = ctx;
    dev_i8259_reset(pic);
}

static unsigned rank(const struct dev_i8259_chip *chip, unsigned input)
{
    return (input - chip->first) & 7; /* 0 is the most urgent */
}

/* The most urgent of a set of inputs, 8 if it is empty. */
static unsigned most_urgent(const struct dev_i8259_chip *chip, unsigned set)
{
    for (unsigned i = 0; i < 8; i++) {
        const unsigned input = (chip->first + i) & 7;

        if (set & 1u << input)
            return input;
    }
    return 8;
}

/* The input that the chip asks its INTA for, 8: none. */
static unsigned request(const struct dev_i8259_chip *chip)
{
    const unsigned wanted = most_urgent(chip, chip->irr & (unsigned)~chip->imr);
    unsigned in_service = chip->isr;

    if (wanted == 8)
        return 8;
    if (chip->special_mask)
        in_service &= (unsigned)~chip->imr;
    if (chip->nested)
        in_service &= ~(1u << CASCADE);
    in_service = most_urgent(chip, in_service);
    if (in_service == 8 || rank(chip, wanted) < rank(chip, in_service))
        return wanted;
    return 8;
}

static void set_input(struct dev_i8259_chip *chip, unsigned input, bool level)
{
    const uint8_t bit = (uint8_t)(1u << input);

    if (chip->elcr & bit)
        chip->irr = (uint8_t)(level ? chip->irr | bit : chip->irr & ~bit);
    else if (level && !(chip->lines & bit))
        chip->irr |= bit;
    chip->lines = (uint8_t)(level ? chip->lines | bit : chip->lines & ~bit);
}

static void update(struct dev_i8259 *pic)
{
    bool level;

    set_input(&pic->chip[0], CASCADE, request(&pic->chip[1]) != 8);
    /* The cascade is a wire, not an edge: an unanswered slave keeps asking. */
    if (request(&pic->chip[1]) == 8)
        pic->chip[0].irr &= (uint8_t)~(1u << CASCADE);
    level = request(&pic->chip[0]) != 8;
    if (level != pic->level) {
        pic->level = level;
        pic->output(pic->ctx, level);
    }
}

void dev_i8259_reset(struct dev_i8259 *pic)
{
    memset(pic->chip, 0, sizeof(pic->chip));
    pic->chip[0].imr = pic->chip[1].imr = 0xff;
    update(pic);
}

void dev_i8259_set(struct dev_i8259 *pic, unsigned line, bool level)
{
    if (line > 15 || line == CASCADE)
        return;
    set_input(&pic->chip[line >> 3], line & 7, level);
    update(pic);
}

bool dev_i8259_pending(const struct dev_i8259 *pic)
{
    return pic->level;
}

/* The chip takes a request into service; returns the input. */
static unsigned take(struct dev_i8259_chip *chip)
{
    const unsigned input = request(chip);
    const uint8_t bit = (uint8_t)(1u << (input & 7));

    if (input == 8)
        return SPURIOUS;
    if (!(chip->elcr & bit))
        chip->irr &= (uint8_t)~bit;
    if (!chip->auto_eoi)
        chip->isr |= bit;
    else if (chip->rotate_on_aeoi)
        chip->first = (input + 1) & 7;
    return input;
}

uint8_t dev_i8259_ack(struct dev_i8259 *pic)
{
    unsigned input = take(&pic->chip[0]);
    uint8_t vector = (uint8_t)(pic->chip[0].base + input);

    if (input == CASCADE && !pic->chip[0].single) {
        input = take(&pic->chip[1]);
        vector = (uint8_t)(pic->chip[1].base + input);
    }
    update(pic);
    return vector;
}

static void start_initialisation(struct dev_i8259_chip *chip, uint8_t icw1)
{
    const uint8_t elcr = chip->elcr, lines = chip->lines;

    memset(chip, 0, sizeof(*chip));
    chip->elcr = elcr;
    chip->lines = lines;
    chip->irr = lines & elcr;
    chip->icw = 2;
    chip->icw4_needed = icw1 & ICW1_ICW4;
    chip->single = icw1 & ICW1_SINGLE;
}

static void end_of_interrupt(struct dev_i8259_chip *chip, unsigned input, bool rotate)
{
    if (input == 8)
        return;
    chip->isr &= (uint8_t)~(1u << input);
    if (rotate)
        chip->first = (input + 1) & 7;
}

static void ocw2(struct dev_i8259_chip *chip, uint8_t value)
{
    const unsigned level = value & 7;

    switch (value >> 5) {
    case 0: /* rotate in automatic EOI mode, clear and set */
    case 4:
        chip->rotate_on_aeoi = value >> 7;
        break;
    case 1: /* non-specific EOI, without and with rotation */
    case 5:
        end_of_interrupt(chip, most_urgent(chip, chip->isr), value >> 7);
        break;
    case 3: /* specific EOI, without and with rotation */
    case 7:
        end_of_interrupt(chip, level, value >> 7);
        break;
    case 6: /* set priority */
        chip->first = (level + 1) & 7;
        break;
    default:
        break;
    }
}

static void ocw3(struct dev_i8259_chip *chip, uint8_t value)
{
    if (value & 0x04)
        chip->poll = true;
    if (value & 0x02)
        chip->read_isr = value & 1;
    if (value & 0x40)
        chip->special_mask = value & 0x20;
}

static void write_command(struct dev_i8259_chip *chip, uint8_t value)
{
    if (value & ICW1)
        start_initialisation(chip, value);
    else if (value & OCW3)
        ocw3(chip, value);
    else
        ocw2(chip, value);
}

static void write_data(struct dev_i8259_chip *chip, uint8_t value)
{
    switch (chip->icw) {
    case 2:
        chip->base = value & 0xf8;
        chip->icw = chip->single ? (chip->icw4_needed ? 4 : 0) : 3;
        break;
    case 3: /* the wiring is fixed */
        chip->icw = chip->icw4_needed ? 4 : 0;
        break;
    case 4:
        chip->nested = value & 0x10;
        chip->auto_eoi = value & 0x02;
        chip->icw = 0;
        break;
    default:
        chip->imr = value;
        break;
    }
}

void dev_i8259_out(void *dev, uint16_t port, uint32_t value, unsigned size)
{
    struct dev_i8259 *pic = dev;
    struct dev_i8259_chip *chip = &pic->chip[(port & 0x80) != 0];

    (void)size;
    if (port >= 0x4d0) {
        /* 0, 1, 2, 8 and 13 are edge-triggered by nature. */
        pic->chip[port & 1].elcr = (uint8_t)value & (port & 1 ? 0xde : 0xf8);
    } else if (port & 1) {
        write_data(chip, (uint8_t)value);
    } else {
        write_command(chip, (uint8_t)value);
    }
    update(pic);
}

static uint32_t poll(struct dev_i8259 *pic, struct dev_i8259_chip *chip)
{
    const unsigned input = request(chip);

    chip->poll = false;
    if (input == 8)
        return 0;
    take(chip);
    update(pic);
    return 0x80 | input;
}

uint32_t dev_i8259_in(void *dev, uint16_t port, unsigned size)
{
    struct dev_i8259 *pic = dev;
    struct dev_i8259_chip *chip = &pic->chip[(port & 0x80) != 0];

    (void)size;
    if (port >= 0x4d0)
        return pic->chip[port & 1].elcr;
    if (chip->poll)
        return poll(pic, chip);
    if (port & 1)
        return chip->imr;
    return chip->read_isr ? chip->isr : chip->irr;
}
