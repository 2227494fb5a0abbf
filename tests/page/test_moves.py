# SPDX-License-Identifier: MIT
"""The image in another slot: by mouse, by keys; every position is a prediction, and a quick one."""
import time

from conftest import same_as_terminal
from selenium.webdriver import ActionChains, Keys

STAINED = "machine=four-nodes&base=0x102800000&alloc=bottom-up"


def handle(page):
    return page.by_id("handle")


def slot(page):
    return int(handle(page).get_attribute("aria-valuenow"))


def press(page, *keys):
    handle(page).send_keys(*keys)
    time.sleep(0.05)
    page.wait()


def test_keys(page):
    page.open("machine=four-nodes")
    press(page, Keys.END)
    assert (slot(page), page.command[-1]) == (20, "0x102800000")
    assert page.text("verdict-head") == "2.9 GiB can never be removed."
    assert "stained by bottom-up" in handle(page).get_attribute("aria-valuetext")
    same_as_terminal(page)
    press(page, Keys.ARROW_LEFT)
    assert slot(page) == 19 and page.text("verdict-head") == "All movable memory can be removed."
    press(page, Keys.HOME)
    assert slot(page) == 0
    press(page, Keys.ARROW_LEFT)
    assert slot(page) == 0
    press(page, Keys.ARROW_UP, Keys.ARROW_RIGHT)
    assert slot(page) == 2
    same_as_terminal(page)


def test_drag(page):
    """The tables move with the image, and the command follows."""
    page.open(STAINED)
    before = page.js("return document.getElementById('memory').innerHTML")
    page.js("document.getElementById('handle').scrollIntoView({block: 'center'})")
    ActionChains(page.driver).click_and_hold(handle(page)).move_by_offset(-40, 0).move_by_offset(-160, 5).release().perform()
    page.wait()
    assert 0 < slot(page) < 20 and page.command[page.command.index("--base") + 1] == hex(0x100000000 + slot(page) * 0x200000)
    assert page.js("return document.getElementById('memory').innerHTML") != before
    same_as_terminal(page)


def test_a_click_puts_it_there(page):
    page.open("machine=two-tib")
    page.js("document.getElementById('strip').scrollIntoView({block: 'center'})")
    ActionChains(page.driver).move_to_element_with_offset(page.by_id("strip"), 0, -40).click().perform()
    page.wait()
    assert slot(page) > 100 and "--base" in page.command


def test_every_position_is_predicted(page, machine, record_property):
    """25 positions one after the other, each as soon as the one before is drawn; the report has how long one takes."""
    page.open(f"machine={machine}")
    spent = page.driver.execute_async_script("""
      const done = arguments[arguments.length - 1], handle = document.getElementById("handle"), spent = [];
      let asked = 0;
      const press = () => {
        asked = performance.now();
        handle.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
      };
      if (handle.hidden) { done([]); return; }
      new MutationObserver((_, watch) => {
        spent.push(performance.now() - asked);
        if (spent.length < 25)
          setTimeout(press, 0);
        else {
          watch.disconnect();
          done(spent);
        }
      }).observe(document.getElementById("memory"), {childList: true});
      press();
    """)
    page.wait()
    assert len(spent) == 25 and slot(page) > 0
    record_property("milliseconds", round(sorted(spent)[12], 1))


def test_a_huge_machine(page, tmp_path):
    """Of 4 PiB, with 2^31 slots: it answers, and the handle goes by one slot."""
    (tmp_path / "huge.machine").write_text(
        "about huge\nsource our own layout\nqemu none\nmemory 4P\ncpu max\nsmp 1\nla57 yes\nlevels 5\ngbpages yes\nphys_bits 52\n\n"
        "map 0 0x9fc00 usable\nmap 1M 0x80000000 usable\nmap 4G 0xffffffff00000 usable\n\nsrat 3\n  cpu 0 0\n"
        "  mem 0 0 0xa0000\n  mem 0 1M 2G\n  mem 0 4G 0xfffffff000000\n  mem 1 0xfffffff000000 0xffffffff00000 hotplug\n")
    page.open().give(tmp_path / "huge.machine")
    assert int(handle(page).get_attribute("aria-valuemax")) > 2**31 - 2**12
    press(page, Keys.END)
    last = slot(page)
    press(page, Keys.ARROW_LEFT)
    assert slot(page) == last - 1
    same_as_terminal(page, cwd=tmp_path)
