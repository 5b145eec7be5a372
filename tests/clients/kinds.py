"""Bodies made by chance of the kinds of things on which a preview and a front end have differed.

Each kind is a list of pieces; a body has a few of them, in lines, lists, quotes and tables.
"""

SHELL = "https://steemitimages.com/{}x{}/"
KINDS = {
    "size shells": [
        "![icon](https://steemitimages.com/50x60/https://files.example/icon.png)",
        "![](https://steemitimages.com/0x0/https://steemitimages.com/640x0/https://a.example/b.jpg)",
        "https://steemitimages.com/640x0/https://files.example/naked.jpg",
        '<img src="https://steemitdevimages.com/1x2/http://files.example/raw.png" alt="raw">',
        "[![x](https://steemitimages.com/10x0/https://files.example/x.gif)](https://x.example)",
        "![own](https://steemitimages.com/DQmX/own.png)",
        "https://steemitimages.com/640x0/https://files.example/naked.svg",
        "![site](https://steemitimages.com/0x0/https://steemit.com/a.png)",
    ],
    "naked pictures": [
        "https://pics.example/one.jpg",
        "https://pics.example/two.PNG?size=1",
        "text https://pics.example/three.gif more",
        "https://pics.example/five.webp",
        "https://pics.example/six.svg",
    ],
    "two naked pictures": [
        "https://pics.example/one.jpg https://pics.example/two.jpg",
        "https://pics.example/one.jpg and https://pics.example/three.jpeg, so",
    ],
    "elements that are dropped": [
        "<details><summary>Open</summary>", "</details>", "<details>", "<summary>S</summary>",
        "<dl><dt>term</dt><dd>what</dd></dl>", "<dl>", "</dl>", "<figure>", "</figure>",
        "<figcaption>words</figcaption>", "<section>", "</section>", "<article>in</article>",
        "<span>s</span>", "<u>u</u>", "<mark>m</mark>", "<kbd>k</kbd>", "<small>s</small>",
        "<aside>a</aside>", "<header>h</header>", "<nav>n</nav>", "<main>m</main>", "<style>x{}</style>",
        "<script>x</script>", "<form>f</form>", "<button>b</button>", "<address>a</address>",
        '<figure><img src="https://pics.example/f.png"><figcaption>f</figcaption></figure>',
        "<font color=red>red</font>", "<ruby>a<rt>b</rt></ruby>", "<video>v</video>",
    ],
    "videos": [
        "https://www.youtube.com/watch?v=aaaaaaaaaaa", "https://youtu.be/bbbbbbbbbbb",
        "And then: https://www.youtube.com/watch?v=ccccccccccc&t=30s", "https://youtu.be/ddddddddddd?t=5",
        "https://www.youtube.com/shorts/eeeeeeeeeee", "https://youtube.com/shorts/fffffffffff?feature=share",
        "https://m.youtube.com/watch?v=ggggggggggg", "https://vimeo.com/76979871 after",
        "https://www.twitch.tv/videos/1234567", "https://twitch.tv/somebody",
        "https://3speak.tv/watch?v=alice/abcdef", "https://3speak.online/watch?v=alice/abcdef",
        "see https://3speak.tv/watch?v=alice/abcdef now", "https://d.tube/#!/v/alice/abc",
        "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC", "https://youtu.be/watch?v=hhhhhhhhhhh",
        "[a video](https://www.youtube.com/watch?v=iiiiiiiiiii)", "https://youtu.be/whoooooooooo",
    ],
    "tweets": [
        "https://twitter.com/alice/status/1234567890", "https://x.com/bob/status/1234567890?s=20",
        "so https://x.com/bob/status/42 said", "[t](https://twitter.com/alice/status/77)",
        "https://www.instagram.com/p/Cabc123/", "https://www.instagram.com/alice",
        "(https://www.instagram.com/reel/Cxyz/)", "https://www.instagram.com/alice/reel/Cxyz/?a=b",
    ],
    "signs behind addresses": [
        "Read https://news.example/a> today", "<see https://news.example/b>", "https://news.example/c>.",
        "https://news.example/d?x=1&y=2>", "a->https://news.example/e", "https://news.example/f<",
        "(https://news.example/g), [https://news.example/h]", "“https://news.example/i”",
        "https://news.example/j.zip", "https://news.example/k.", "http://localhost:8080/l",
    ],
    "iframes": [
        '<iframe src="https://pens.example/embed/1">Open the pen</iframe>',
        '<iframe src="https://pens.example/embed/2"><b>bold</b> and @alice</iframe>',
        '<iframe src="https://www.youtube.com/embed/aaaaaaaaaaa?rel=0"></iframe>',
        '<iframe width="1" src="https://player.vimeo.com/video/1234"></iframe> after',
        "<iframe>none</iframe>", '<iframe src="https://pens.example/3">',
        '<div class="videoWrapper"><iframe src="https://pens.example/embed/4">in</iframe></div>',
        '<iframe src="https://3speak.tv/embed?v=alice/abc"></iframe>',
        '<iframe src="https://open.spotify.com/embed/track/abc"></iframe>',
        '<iframe src="https://emb.d.tube/#!/alice/abc"></iframe>',
        '<iframe src="https://w.soundcloud.com/player/?url=https%3A//a.example/1&auto_play=true"></iframe>',
    ],
    "percents": [
        "See the [price list].\n\n[price list]: <https://shop.example/50%off>",
        "[a](<https://shop.example/50%off>)", "[b](https://shop.example/50%off)", "[c](<https://x.example/%41%zz>)",
        "[d](<https://x.example/%2F%20%C3%A4>)", "<https://x.example/100%>", "<https://x.example/%2f?a=%3D>",
        "![e](<https://x.example/50%.png>)", "[f]: https://x.example/50%\n[f]", "[g](<https://x.example/ä ö>)",
        "[h](<https://x.example/?a=1&copy=2>)", "[i](<https://x.example/?a=1&copy;=2>)",
    ],
    "tags that are none": [
        "ssh <pad-host> now", "<file_name>", "<your-name>", "<name@example.org>", "<T> of Vec<T>", "<K, V>",
        "<pad-host>x</pad-host>", "a < b > c", "<1>", "<user:pass>", "#<Point:0x34ab50>", "<urn:isbn:1>",
        "<x:y>", "<foo.bar>", "<a href=https://x.example/?a=b>x</a>", "<a href=/x>x</a>", "<a href=x>x</a>",
        "<irc://chat.example/room>", "<ftp://files.example/x>", "<tel:123>", "<your name>", "<b/>bold",
        "<foo bar='1'>", "std::vector<int> v;", "</pad-host>", "<i class=x >i</i>", "<b@x>b</b>",
    ],
    "declarations": [
        "Begin with <!doctype xhtml> always.", "<!DOCTYPE html>", "<!x>", "<!Y z>", "<?php echo 1; ?>",
        "<? open", "<![CDATA[ x ]]>", "a <!-- comment --> b", "<!---->", "<!-- open", "<!>",
    ],
    "ampersands": [
        '<a href="https://shop.example/pay?sum=1&currency=2">Pay</a>', "&currency= and &copy; and &copy",
        '<img src="https://shop.example/p.png?a=1&amp=2&lt=3">', "[x](https://shop.example/?a=1&amp;b=2&reg=3)",
        "https://shop.example/?a=1&copy=2&not=3", '<a href="https://shop.example/?a&#x26;b">e</a>',
        "&nbsp;&#35;&#x23;&bogus;&amp;amp;", "<td>&times;</td>", '<a title="&quot;t&quot;" href="https://x.example">q</a>',
    ],
    "names": [
        "Thanks to @steemcleaners and @alice.", "@spaminator", "@blocktrades.com", "@bittrexx, @alice-bob",
        "@poloniex! @a @ab @abc @x.y @abc.def", "**@alice** and *@bob* here", "[@alice](https://x.example) @bob",
        "`@alice` #tag", "#tag1 #123 text #a-b", "@alice: **bold** #tag then", "mail@alice.example",
    ],
    "centred": [
        "<center>", "</center>", "<center>text</center>", "<center>\n\nfirst line<hr>\n\nsecond</center>",
        "<center><h1>T</h1></center>", "<center>\n\n# T\n\n</center>", "<center>a<br>b</center>",
        "<center>![x](https://pics.example/c.png)</center>", "<center>\n\n- a\n- b\n\n</center>",
        "<center><table><tr><td>x</td></tr></table></center>", "<center>\n```\ncode\n```\n</center>",
    ],
    "raw HTML": [
        "<p>para</p>", "  <p>First</p>", "<p>open", "</p>", "<div>", "</div>", '<div class="pull-left">l</div>',
        "<h2>Head</h2>", "<ul><li>a<li>b</ul>", "<li>", "<ol><li>a</li></ol>", "<hr>", "<hr/>", "<br/>", "</br>", "<br>",
        "<blockquote>q</blockquote>", "<pre>p</pre>", "<table><tr><td>1<td>2</table>", "<sub>s</sub>", "<b>b", "</b>",
        '<a href="https://news.example/long\n">x</a>', '<a href="https://news.example/a\nb">y</a>', "<A HREF='https://x.example'>u</A>",
        '<IMG SRC="https://pics.example/up.png">', '<img alt="no address">', "<a name=x>n</a>", '<a href="">e</a>',
        '<a href="#top">top</a>', '<td style="text-align:right">r</td>', '<b a="1" a="2">d</b>', "<q>q</q><del>d</del>",
    ],
    "pictures without host": [
        "Before ![local](/images/a.png) after", "![x](a.png)", "![y](//pics.example/y.png)", "![z](http://pics.example/z.png)",
        "![w](ftp://pics.example/w.png)", '<img src="data:image/png;base64,xx">',
    ],
    "links": [
        "[a](https://x.example)", "[m](mailto:a@b.example)", "[r](other.md)", "[s](//x.example/s)", "[h](hive://x) [e](steem://x)",
        "[steemit.com](https://evil.example)", "[hive.blog](https://evil.example)", "[www.steemit.com/@a](https://steemit.com/@a)",
        "[T](https://hive.blog/@alice) [I](https://images.hive.blog/x)", "[p](/@alice) [f](#fn)", "note[^1]\n\n[^1]: n",
        "[IPFS Video](ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG)",
        "[IPFS Video](https://gw.example/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG/v.mp4)", "[IPFS Video](https://x.example)",
        "[![](https://img.3speakcontent.co/a.png)](https://3speak.online/watch?v=alice/abcdef)", '[t](https://x.example "Title")',
    ],
    "spoilers": [
        ">! [Title] hidden", ">! hidden **bold**", "> quote\n>\n> ! second", ">! [a b?!] x\n> ! y < z & w", "> plain",
        ">! [Ü] x", "> > ! deep", ">![pic](https://pics.example/s.png)",
    ],
    "tables": [
        "| a | b |\n|---|--:|\n| 1 | 2 |", "| a | b |\n|:-:|---|\n| @alice | https://x.example |", "a|b\n-|-\n1|2",
        "| https://pics.example/t.png |\n|---|\n| x |",
    ],
    "lines": ["first line\nsecond line", "two spaces  \nbreak", "back\\\nslash", "plain", "**bold** and `code`", "# H", "---"],
}  # fmt: skip
_AROUND = [
    "{}",
    "{}",
    "{}",
    "{}",
    "{}",
    "word {} word",
    "- {}",
    "> {}",
    "1. {}",
    "**{}**",
    "# {}",
    "{}\n{}",
]


def body(chance):
    """One body, of one to five pieces of different kinds."""
    lines = []
    for kind in chance.sample(sorted(KINDS), k=chance.randint(1, 5)):
        if kind == "two naked pictures" and chance.random() < 0.8:
            continue  # nothing else would be seen
        piece = chance.choice(KINDS[kind])
        around = chance.choice(_AROUND)
        lines.append(around.replace("{}", piece))
        lines += [""] * chance.choice([0, 1, 1])
    made = "\n".join(lines)
    if chance.random() < 0.04:
        made = chance.choice(
            ["<html>{}</html>", "<p>{}</p>", "<html>{}</html>\n", " <p>{}</p>"]
        ).replace("{}", made)
    return made
