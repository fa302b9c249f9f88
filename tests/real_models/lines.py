"""2,000 lines of text of many kinds, the same on every machine."""

words = """the of and to a in is was he for it with as his on be at by had not are but from or have they which one you were
all her she there would their we him been has when who will no more if out so up said what its about than into them can
only other time new some could these two may first then do any like my now over such our man me even most made after also
did many off before must well back through years much where your way down should because long each just those people how
too little state good very make world still see own work men day get here between both under never another know same last
might us great old year come since against go came right used take three""".split()
scripts = ["привет мир и ещё слово", "東京は雨でした", "你好，世界！今天天气很好", "안녕하세요 세계", "שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "สวัสดีชาวโลก",
           "Ελληνικά γράμματα", "naïve café œuvre Übermaß Łódź", "🙂🚀👩‍👩‍👧 ❤️", "e\u0301 vs é, ﬁ ligature, ½ ²³"]
code = ["for (int i = 0; i < n; ++i) sum += x[i] * y[i];", "def f(self, *args, **kwargs):", "    return {k: v for k, v in d.items()}",
        "SELECT name, COUNT(*) FROM t WHERE x >= 10 GROUP BY name;", "<div class=\"a\"><a href='#'>x</a></div>", "\t\tif not x:",
        "https://example.org/a/b?c=1&d=%20#top", "C:\\path\\to\\file.txt", "{\"key\": [1, 2.5e-3, null, true]}"]

marks = "!?.,;:-_()[]{}<>/\\|@#$%^&*~`'\"+="


def lines():
    state = 20250101

    def below(n):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 33) % n

    def piece():
        kind = below(12)
        if kind < 6:
            word = words[below(len(words))]
            return [word, word.capitalize(), word.upper(), word + "'s", word + "n't", word + ","][below(6)]
        if kind == 6:
            return str(below(10 ** (1 + below(9))))
        if kind == 7:
            return f"{below(100)}.{below(1000)}%"
        if kind == 8:
            return scripts[below(len(scripts))]
        if kind == 9:
            return code[below(len(code))]
        if kind == 10:
            return marks[below(len(marks))] * (1 + below(4))
        return "".join(chr(97 + below(26)) for _ in range(1 + below(12)))

    for _ in range(2000):
        text = ""
        for _ in range(1 + below(12)):
            text += piece() + [" ", " ", " ", "  ", "", "\t", "   "][below(7)]
        yield text
