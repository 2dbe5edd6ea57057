// See crowd.h. The vote of Boyer and Moore: who leads by more than half of the window has more than half of
// it.
#include "storefront/page/crowd.h"

#include <string.h>

#define HOUR ((int64_t)60 * 60 * 1000000)

static void vote(struct crowd *crowd, struct text address)
{
    if (crowd->lead == 0) {
        struct text kept = text_cut(address, 0, CROWD_ADDRESS_SIZE - 1);
        memcpy(crowd->address, kept.bytes, kept.length);
        crowd->address[kept.length] = '\0';
    }
    crowd->lead += text_equals(text_from(crowd->address), address) ? 1 : -1;
}

bool crowd_count(struct crowd *crowd, struct text address, int64_t now)
{
    if (address.length == 0) {
        return false;
    }
    vote(crowd, address);
    if (++crowd->requests < CROWD_WINDOW) {
        return false;
    }
    bool is_one = crowd->lead > CROWD_WINDOW / 2 && (crowd->told_at == 0 || now - crowd->told_at >= HOUR);
    crowd->told_at = is_one ? now : crowd->told_at;
    crowd->lead = 0;
    crowd->requests = 0;
    return is_one;
}
