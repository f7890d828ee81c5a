package io.wan4j.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.prompt.PromptCleaner.Mode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class PromptCleanerTest {

    static Stream<JsonNode> rows() throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        new ObjectMapper()
                .readTree(Goldens.path("t5/text_cleaning.json").toFile())
                .get("rows")
                .forEach(rows::add);
        assertThat(rows).hasSizeGreaterThanOrEqualTo(24);
        return rows.stream();
    }

    @ParameterizedTest
    @MethodSource("rows")
    void withoutRepairTheReferenceWithoutFtfyIsMatched(JsonNode row) {
        String input = row.get("input").asText();
        assertThat(new PromptCleaner(Mode.WHITESPACE, TextRepair.NONE).basic(input))
                .isEqualTo(row.get("unescaped_twice_stripped").asText());
        for (Mode mode : Mode.values()) {
            assertThat(new PromptCleaner(mode, TextRepair.NONE).clean(input))
                    .as(mode + " of " + row)
                    .isEqualTo(row.get(mode.name().toLowerCase(Locale.ROOT)).asText());
        }
    }

    /** Expected values: ftfy 6.3.1, then the reference's cleaning. */
    static Stream<List<String>> damaged() {
        return Stream.of(
                List.of(
                        "\u8272\u8c03\u8273\u4e3d\uff0c\u8fc7\u66dd\uff0c\u9759\u6001",
                        "\u8272\u8c03\u8273\u4e3d,\u8fc7\u66dd,\u9759\u6001"),
                List.of("\u201cit\u2019s\u201d", "\"it's\""),
                List.of("&ldquo;quoted&rdquo;", "\"quoted\""),
                List.of("<b>&ldquo;", "<b>\u201c"),
                List.of("&bogus; &amp;lt;", "&bogus; <"),
                List.of("\ufb01ne a\ufb00air \ufb05 \u0133 \u01c4", "fine affair \u017ft ij D\u017d"),
                List.of("\uff21\uff22\u3000\uff76\uff9e", "AB \u30ac"),
                List.of("e\u0301", "\u00e9"),
                List.of("\ufeffzero\u0000 \u001b[31mred\u001b[0m \u0007bell\ufffc", "zero red bell"),
                List.of("A\u0085B \u0093x\u0094", "A\u2026B \"x\""),
                List.of("one\r\ntwo\u2028three", "one two three"),
                List.of("lone \ud83d surrogate \ud83d\ude00", "lone \ufffd surrogate \ud83d\ude00"));
    }

    @ParameterizedTest
    @MethodSource("damaged")
    void copiedTextIsRepairedAsFtfyDoes(List<String> row) {
        assertThat(PromptCleaner.wan().clean(row.get(0))).isEqualTo(row.get(1));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            &#65;&#x42;&#X43            | ABC
            &#128;&#150;                | \u20ac\u2013
            a&#0;b&#xD800;c&#x110000;d  | a\ufffdb\ufffdc\ufffdd
            a&#99999999999999999999;b   | a\ufffdb
            a&#1;b&#x0b;c&#xfffe;d      | abcd
            &notin;&notit;              | \u2209\u00acit;
            &acE;&NotEqualTilde;        | \u223e\u0333\u2242\u0338
            &copyright &AMP             | \u00a9right &
            a & b &; &# &#x;            | a & b &; &# &#x;
            """)
    void characterReferencesAreDecodedAsPythonDoes(String html, String expected) {
        assertThat(HtmlEntities.unescape(html)).isEqualTo(expected);
    }

    @Test
    void cleaningALongRunOfSpacesIsLinear() {
        String spaces = "a" + " ".repeat(1 << 20) + "b";
        assertThat(PromptCleaner.wan().clean(spaces)).isEqualTo("a b");
    }
}
