"""What a person in the gallery may be called, and when two names are the same.

Letters of every script, emoji, slashes, angle brackets and quotes are all fine: a name is never a path, never markup
and never code. What is refused is what nobody can see: control characters, and marks that reorder the text around
them.
"""

from __future__ import annotations

import functools
import unicodedata

from shared.errors import InputError

LONGEST_NAME = 60  # characters
_LONGEST_TYPED = 1_000  # that are looked at: marks on one letter, in an order that is not the usual one, take long
_INVISIBLE = frozenset({"Cf", "Cc", "Cs", "Co", "Cn", "Zl", "Zp"})  # Unicode categories
_BLANK = frozenset(  # letters, marks and signs that show nothing
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\U00013441\U00013442\U00016fe4\U0001d159"
)
_LOOKS = {  # small letters and digits of other scripts that most typefaces draw like a Latin one
    latin: set(others)
    for latin, others in {
        "a": "аαɑ", "b": "ЬьƄ", "c": "сϲ", "d": "ԁ", "e": "еҽє", "g": "ɡց", "h": "һհ", "i": "іıɩιӏl1|ǀ", "j": "јϳ",
        "k": "кκ", "m": "м", "o": "оοօσ0ᴏ", "p": "рρ", "q": "ԛզ", "s": "ѕꜱ", "t": "тτ", "u": "սυ", "v": "ѵν",
        "w": "ԝѡω", "x": "хχ", "y": "уүγ", "z": "ᴢ", "'": "’‘ʼʹˈ′", "-": "‐‒–—−", ".": "ꓸ",
    }.items()
}  # fmt: skip
_RARE = {  # the same of Lisu, Cherokee, Coptic, Tifinagh, and small Latin capitals; l counts as i above
    "a": "ꓮᎪⲁᴀ", "b": "ꓐᏴⲃʙ", "c": "ꓚᏟⲥᴄ", "d": "ꓓᎠᴅ", "e": "ꓰᎬⲉᴇ", "f": "ꓝꜰ", "g": "ꓖᏀɢ", "h": "ꓧᎻⲏʜ",
    "i": "ꓲᏆⲓɪⵏꓡᏞⳑʟ", "j": "ꓙᎫᴊ", "k": "ꓗᏦⲕᴋ", "m": "ꓟᎷⲙᴍ", "n": "ꓠⲛɴ", "o": "ꓳⲟⵔ", "p": "ꓑᏢⲣᴘ", "r": "ꓣᏒᎡʀ",
    "s": "ꓢᏚ", "t": "ꓔᎢⲧᴛ", "u": "ꓴᴜ", "v": "ꓦᏙᴠ", "w": "ꓪᏔᎳᴡ", "x": "ꓫⲭⵝ", "y": "ꓬᎩⲩʏ", "z": "ꓜᏃ",
}  # fmt: skip
_FANCY = {  # and of what websites write "fancy" names with: Canadian syllables, runes, alphabets of the Mediterranean
    "a": "ᗅᗩ𐊠𐌀𐊀", "b": "ᗷᛒ𐊂𐌁", "c": "ᑕ𐊢𐌂", "d": "ᗪᗞ", "e": "𐊆𐌄", "f": "ᖴ𐊇ϝ", "g": "ᏀᏳԍ", "h": "ᕼ𐋏", "i": "ᒪᛁ𐊊𐌉",
    "j": "ᒍ", "k": "ᛕ", "m": "ᗰᛖ𐌌", "n": "ᑎ𐌍", "o": "ᝪ𐊒𐌏ⵀ", "p": "ᑭᑮ𐊕𐌛", "r": "ᖇ", "s": "ᔕ𐊖", "t": "𐊗𐌕", "u": "ᑌ",
    "v": "ᐯ𐊍", "w": "ᗯ", "x": "᙭ᚷ𐊐𐌗", "y": "𐊲", "z": "𐋵",
}  # fmt: skip
_CAPITALS = dict(zip("АВЕЗІЈКМНОРСТУХЅԌΑΒΕΖΗΙΚΜΝΟΡΤΥΧՏԼ", "abe3ijkmhopctyxsgabezhikmnoptyxsi", strict=True))
_LATIN = {other: latin for table in (_LOOKS, _RARE, _FANCY) for latin, others in table.items() for other in others}
# Inside emoji, and in scripts that need them (a Japanese name may say which form of a character it is written with): in
# the name, not in its key
_JOINERS = frozenset(
    map(chr, (0x180B, 0x180C, 0x180D, 0x180F, 0x200C, 0x200D, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)


def check_name(name: object) -> str:
    """``name`` as it is shown: NFC, white space collapsed, 1 to 60 characters, none of them invisible or reordering.

    Raises:
        InputError: it is empty, too long, or holds control characters.
    """
    needed = f"a name of 1 to {LONGEST_NAME} visible characters"
    if not isinstance(name, str) or not name.strip():
        raise InputError(needed, "nothing", "Type a name.")
    if len(name) > _LONGEST_TYPED:
        raise InputError(needed, f"{len(name):,} characters", "Shorten the name.")
    shown = " ".join(unicodedata.normalize("NFC", name).split())
    if len(shown) > LONGEST_NAME:
        raise InputError(needed, f"{len(shown):,} characters", "Shorten the name.")
    hidden = [c for c in shown if (unicodedata.category(c) in _INVISIBLE and c not in _JOINERS) or c in _BLANK]
    if hidden:
        code = ", ".join(f"U+{ord(c):04X}" for c in hidden[:3])
        raise InputError(needed, f"characters that nobody can see ({code})", "Type the name again without them.")
    if not name_key(shown):
        raise InputError(needed, "only invisible characters", "Type a name.")
    return shown


def name_key(name: str) -> str:
    """What makes two names the same: case, compatibility forms and joiners do not count.

    A text that is longer than any name is the same as none.
    """
    if len(name) > _LONGEST_TYPED:
        return name
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(
        "".join(c for c in folded if unicodedata.category(c) not in _INVISIBLE and c not in _JOINERS).split()
    )


@functools.lru_cache(maxsize=100_000)
def look_key(name: str) -> str:
    """What two names have in common that look the same: of letters that most typefaces draw alike, one stands for all.

    Letters of Latin, Greek, Cyrillic, Armenian and rare scripts are compared, digits with letters, and the forms
    of an apostrophe and a hyphen; accents count.
    """
    if len(name) > _LONGEST_TYPED:
        return name
    letters = (_CAPITALS.get(c, c) for c in unicodedata.normalize("NFKC", name))
    return "".join(_LATIN.get(c, c) for c in name_key("".join(letters)))
