// See theme.h. Contrast is WCAG's: the ratio of two relative luminances (WCAG 2.2, definitions).
#include "storefront/view/theme.h"
#include "storefront/base/encode.h"
#include "storefront/base/log.h"

#include <math.h>

#define CHANNELS       3
#define LEAST_CONTRAST 4.5
#define LIGHTER_STEPS  25

struct colour {
    unsigned char channels[CHANNELS];
};

// The page in dark mode, and fields upon it: what links and buttons must read on. See site.css.
static const struct colour white = {{255, 255, 255}};
static const struct colour dark = {{0x23, 0x27, 0x2f}};

static double linear(unsigned char channel)
{
    double value = channel / 255.0;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double luminance(struct colour colour)
{
    return 0.2126 * linear(colour.channels[0]) + 0.7152 * linear(colour.channels[1]) +
           0.0722 * linear(colour.channels[2]);
}

static double contrast(struct colour a, struct colour b)
{
    double first = luminance(a) + 0.05;
    double second = luminance(b) + 0.05;
    return first > second ? first / second : second / first;
}

static struct colour mix(struct colour from, struct colour to, double share)
{
    struct colour mixed;
    for (size_t i = 0; i < CHANNELS; i++) {
        mixed.channels[i] =
            (unsigned char)lround(from.channels[i] + (to.channels[i] - from.channels[i]) * share);
    }
    return mixed;
}

static struct colour lighten(struct colour accent)
{
    struct colour light = accent;
    for (int step = 1; contrast(light, dark) < LEAST_CONTRAST && step <= LIGHTER_STEPS; step++) {
        light = mix(accent, white, (double)step / LIGHTER_STEPS);
    }
    return light;
}

static struct text hexadecimal(struct arena *arena, struct colour colour)
{
    const struct text parts[] = {TEXT("#"), encode_hexadecimal(arena, text_of(colour.channels, CHANNELS))};
    return text_join(arena, parts, 2);
}

struct text theme_write(struct arena *arena, struct text accent)
{
    const struct colour black = {{0, 0, 0}};
    struct colour colour = white;
    if (!text_starts_with(accent, TEXT("#")) ||
        !decode_hexadecimal(text_after(accent, 1), colour.channels, CHANNELS)) {
        log_event(LOG_ERROR, "accent colour refused", LOG_STRING("reason", "not of the form #rrggbb"));
        return (struct text){NULL, 0};
    }
    if (contrast(colour, white) < LEAST_CONTRAST) {
        log_event(LOG_ERROR, "accent colour refused",
                  LOG_STRING("reason", "its contrast with white is below 4.5 to 1; take a darker one"));
        return (struct text){NULL, 0};
    }
    const double hover = 0.2;
    struct colour light = lighten(colour);
    const struct text parts[] = {
        TEXT(":root{--accent:"),
        hexadecimal(arena, colour),
        TEXT(";--accent-strong:"),
        hexadecimal(arena, mix(colour, black, hover)),
        TEXT(";--on-accent:#fff}\n@media(prefers-color-scheme:dark){:root{--accent:"),
        hexadecimal(arena, light),
        TEXT(";--accent-strong:"),
        hexadecimal(arena, mix(light, white, hover)),
        TEXT(";--on-accent:#000}}\n"),
    };
    return text_join(arena, parts, sizeof parts / sizeof *parts);
}
