"""Copies to hand on: upright, with nothing beside the pixels, made in a child that may be killed (rule F5)."""

from __future__ import annotations

import asyncio
import io
import signal
import stat
import struct
import sys
import zlib
from pathlib import Path

import psutil
import pytest
from PIL import Image

from channels.pictures import child, cleaning
from channels.pictures.child import Bounds, PictureError
from channels.pictures.cleaning import cleaned
from tests.channels.pictures.making import (
    BLUE,
    CANARY,
    NAMES,
    RED,
    chunk,
    exif,
    flood,
    moving,
    painted,
    picture,
    swapped_profile,
)

MEGABYTE = 1024 * 1024


def opened(content: bytes) -> Image.Image:
    made = Image.open(io.BytesIO(content))
    made.load()
    return made


def near(found: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) < 30 for one, other in zip(found, wanted, strict=False))


async def refused(name: str, content: bytes, bounds: Bounds | None = None) -> str:
    with pytest.raises(PictureError) as error:
        await cleaned(name, content, bounds)
    return error.value.reason


@pytest.mark.parametrize("kind", NAMES)
async def test_a_picture_comes_upright_and_says_nothing_beside(kind: str) -> None:
    sent = picture(kind)
    before = opened(sent)
    assert CANARY.encode() in sent
    assert before.info.get("icc_profile")
    _, content = await cleaned(NAMES[kind], sent)
    after = opened(content)
    # It was held on its side: what was left is on top now.
    assert after.size == (64, 96)
    assert near(after.convert("RGB").getpixel((32, 10)), RED)
    assert near(after.convert("RGB").getpixel((32, 86)), BLUE)
    assert CANARY.encode() not in content
    assert not dict(after.getexif())
    for gone in (
        b"Exif",
        b"eXIf",
        b"EXIF",
        b"xmp",
        b"XMP",
        b"tEXt",
        b"iTXt",
        b"zTXt",
        b"ICC",
        b"iCCP",
        b"8BIM",
        b"Photoshop",
    ):
        assert gone not in content
    assert not {"exif", "xmp", "icc_profile", "comment", "photoshop", "dpi"} & {
        name for name, value in after.info.items() if value and value != (72, 72)
    }


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "heic"])
@pytest.mark.parametrize(("orientation", "red_at"), [(1, (5, 32)), (3, (90, 32)), (8, (32, 90))])
async def test_however_it_was_held(kind: str, orientation: int, red_at: tuple[int, int]) -> None:
    _, content = await cleaned(NAMES[kind], picture(kind, orientation))
    assert near(opened(content).convert("RGB").getpixel(red_at), RED)


@pytest.mark.parametrize(
    ("kind", "name", "given"),
    [
        ("heic", "IMG_1.HEIC", "IMG_1.jpg"),
        ("heic", "photo", "photo.jpg"),
        ("heic", "image.jpeg", "image.jpeg"),
        ("heic", "", ".jpg"),
        ("avif", "été.avif", "été.jpg"),
        ("jpeg", "scan.JPG", "scan.JPG"),
        ("png", "x.png", "x.png"),
    ],
)
def test_the_name_says_what_the_copy_is(kind: str, name: str, given: str) -> None:
    assert cleaning.name_of_copy(name, picture(kind)) == given


async def test_a_heic_is_handed_on_as_a_jpeg() -> None:
    name, content = await cleaned("IMG_1.HEIC", picture("heic"))
    assert (name, opened(content).format) == ("IMG_1.jpg", "JPEG")


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 x", b"Bonjour", b"GIF89a" + bytes(20), b"PK\x03\x04"])
async def test_what_is_no_picture_is_left_alone(content: bytes) -> None:
    assert await cleaned("photo.jpg", content) == ("photo.jpg", content)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "heic"])
@pytest.mark.parametrize("tail", [b"PK\x03\x04 Kuckucksei.exe", b"<html><script>alert('Kuckucksei')</script>"])
async def test_a_file_that_is_two_things_loses_its_other_half(kind: str, tail: bytes) -> None:
    _, content = await cleaned(NAMES[kind], picture(kind) + tail)
    assert opened(content).size == (64, 96)
    assert b"Kuckucksei" not in content


async def test_a_picture_that_also_says_it_is_a_pdf_is_a_picture() -> None:
    made = picture("jpeg")
    comment = b"%PDF-1.7 Kuckucksei"
    both = made[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + made[2:]
    _, content = await cleaned("letter.pdf", both)
    assert b"%PDF" not in content
    assert CANARY.encode() not in content


async def test_colours_are_kept_when_their_profile_goes() -> None:
    out = io.BytesIO()
    Image.new("RGB", (32, 32), (255, 0, 0)).save(out, "PNG", icc_profile=swapped_profile())
    _, content = await cleaned("x.png", out.getvalue())
    assert near(opened(content).getpixel((5, 5)), (0, 255, 0))


async def test_a_broken_profile_and_broken_notes_cost_no_picture() -> None:
    out = io.BytesIO()
    painted().save(out, "JPEG", icc_profile=b"no profile at all", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    _, content = await cleaned("x.jpg", out.getvalue())
    assert opened(content).size == (96, 64)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
async def test_a_png_keeps_every_pixel_in_every_mode(mode: str) -> None:
    grey = Image.linear_gradient("L").resize((32, 16))
    drawn = (
        grey.convert("RGBA")
        if mode == "RGBA"
        else Image.new(mode, (32, 16), 40000)
        if mode == "I;16"
        else grey.convert(mode)
    )
    out = io.BytesIO()
    drawn.save(out, "PNG", exif=exif(1))
    _, content = await cleaned("x.png", out.getvalue())
    after = opened(content)
    assert after.mode == mode
    assert after.tobytes() == drawn.tobytes()


async def test_what_was_clear_in_a_heic_is_white_paper() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(out, "HEIF", quality=95)
    _, content = await cleaned("x.heic", out.getvalue())
    assert near(opened(content).getpixel((5, 5)), (255, 255, 255))


@pytest.mark.parametrize(("form", "name"), [("WEBP", "x.webp"), ("PNG", "x.png")])
async def test_a_moving_picture_keeps_its_frames_and_times(form: str, name: str) -> None:
    _, content = await cleaned(name, moving(form, 4))
    after = Image.open(io.BytesIO(content))
    assert after.n_frames == 4
    assert CANARY.encode() not in content
    times = []
    for number in range(4):
        after.seek(number)
        after.load()
        times.append(after.info["duration"])
        assert near(after.convert("RGB").getpixel((5, 5)), (number * 20,) * 3)
    assert times == [100, 101, 102, 103]


@pytest.mark.parametrize(("form", "name"), [("WEBP", "x.webp"), ("PNG", "x.png")])
async def test_frames_count_together(form: str, name: str) -> None:
    assert await refused(name, moving(form, 14, (2000, 2000))) == "pixels"


async def test_a_flood_starts_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert await refused("x.png", flood(100_000, 100_000)) == "pixels"


async def test_a_flood_behind_a_modest_header_is_not_opened() -> None:
    second = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    small = flood(8, 8)
    assert await refused("x.png", small[:33] + second + small[33:]) in ("pixels", "broken")


async def test_a_text_that_inflates_is_bounded() -> None:
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(400 * MEGABYTE), 9))
    small = picture("png")
    assert await refused("x.png", small[:33] + bomb + small[33:]) in ("broken", "heavy")


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("share", [0.2, 0.6, 0.9])
async def test_what_is_cut_short_is_not_handed_on(kind: str, share: float) -> None:
    sent = picture(kind, size=(640, 480))
    assert await refused(NAMES[kind], sent[: int(len(sent) * share)]) == "broken"


async def test_as_large_as_a_camera_makes_them_within_the_memory() -> None:
    out = io.BytesIO()
    Image.new("RGB", (8192, 6144), RED).save(out, "JPEG", exif=exif(6))
    # A machine that runs many tests beside this one gets more time, and no more memory.
    _, content = await cleaned("x.jpg", out.getvalue(), Bounds(seconds=60))
    assert Image.open(io.BytesIO(content)).size == (6144, 8192)


async def test_a_child_that_is_too_slow_is_ended() -> None:
    # Servers of other tests are children of this process too.
    before = psutil.Process().children()
    assert await refused("x.jpg", picture("jpeg"), Bounds(seconds=0.02)) == "heavy"
    assert psutil.Process().children() == before


async def test_a_child_that_is_too_hungry_gets_nothing() -> None:
    out = io.BytesIO()
    Image.new("RGB", (7000, 7000)).save(out, "PNG", compress_level=1)
    assert await refused("x.png", out.getvalue(), Bounds(memory=192 * MEGABYTE)) == "heavy"
    assert await refused("x.png", picture("png"), Bounds(memory=16 * MEGABYTE)) in ("heavy", "broken")


@pytest.mark.parametrize(
    ("ended", "reason"),
    [(-signal.SIGKILL, "heavy"), (-signal.SIGXCPU, "heavy"), (-signal.SIGSEGV, "broken"), (1, "broken"), (0, "broken")],
)
def test_how_a_child_ended_says_why(ended: int, reason: str) -> None:
    assert child._reason(ended) == reason


async def test_when_many_wait_somebody_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, "exec sleep 20")
    sent, before = picture("jpeg"), psutil.Process().children()
    at_work = [asyncio.create_task(refused("x.jpg", sent, Bounds(seconds=1.5))) for _ in range(2)]
    await asyncio.sleep(0.3)
    assert len(psutil.Process().children()) == len(before) + 2
    assert await refused("x.jpg", sent, Bounds(waiting=0.05)) == "busy"
    assert await asyncio.gather(*at_work) == ["heavy", "heavy"]


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, does: str) -> None:
    """Let a child be something else, as one is that its picture took over."""
    stand_in = folder / "python"
    stand_in.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    stand_in.chmod(stat.S_IRWXU)
    monkeypatch.setattr(sys, "executable", str(stand_in))


async def test_a_child_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, "echo '<html><script>alert(1)</script>'")
    assert await refused("x.jpg", picture("jpeg")) == "broken"


async def test_a_child_that_never_ends_talking_fills_no_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, "exec yes")
    began = psutil.Process().memory_info().rss
    assert await refused("x.jpg", picture("jpeg"), Bounds(copy=8 * MEGABYTE)) == "heavy"
    assert psutil.Process().memory_info().rss - began < 64 * MEGABYTE


async def test_a_child_knows_no_settings_and_no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, f'env > {tmp_path}/env; echo "$@" > {tmp_path}/arguments')
    monkeypatch.setenv("GUICHET_SECRET_KEY", CANARY)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://x:{CANARY}@127.0.0.1/x")
    await refused(f"{CANARY}.jpg", picture("jpeg"))
    known = (tmp_path / "env").read_text(encoding="utf-8")
    assert "PATH=" in known
    assert CANARY not in known
    assert CANARY not in (tmp_path / "arguments").read_text(encoding="utf-8")
