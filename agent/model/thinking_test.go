package model

import "testing"

func TestThinkingIsTakenOutOfTheText(t *testing.T) {
	for _, c := range []struct{ in, text, thinking string }{
		{"no tags", "no tags", ""},
		{"  spaces stay \n", "  spaces stay \n", ""},
		{"I think so", "I think so", ""},
		{"<think>hm</think>answer", "answer", "hm"},
		{"<think>\nhm\n</think>\n\nanswer\n", "answer", "hm"},
		{"<thinking>hm</thinking>\nanswer", "answer", "hm"},
		{"<think></think>\n\nanswer", "answer", ""},
		{"<think>never closed\n## Title", "", "never closed\n## Title"},
		{"answer\n<think>or is it", "answer", "or is it"},
		{"hm, so\n</think>\nanswer", "answer", "hm, so"},
		{"one\n<think>a</think>\ntwo\n<think>b</think>\nthree", "one\n\ntwo\n\nthree", "ab"},
		{"  <think>hm</think> answer", "answer", "hm"},
		{"<think>a fence ```\n</think>\nanswer", "answer", "a fence ```"},
		{"The parser leaks `<think>` tags.", "The parser leaks `<think>` tags.", ""},
		{"The parser leaks <think> and </think>.", "The parser leaks <think> and </think>.", ""},
		{"Log:\n```\n<think>\nhm\n```\nDone.", "Log:\n```\n<think>\nhm\n```\nDone.", ""},
	} {
		text, thinking := StripThinking(c.in)
		if text != c.text || thinking != c.thinking {
			t.Errorf("%q = %q, %q, want %q, %q", c.in, text, thinking, c.text, c.thinking)
		}
		if again, _ := StripThinking(text); again != text {
			t.Errorf("%q: a second pass gives %q", text, again)
		}
	}
}
