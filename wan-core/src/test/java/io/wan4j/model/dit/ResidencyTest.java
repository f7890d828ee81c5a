package io.wan4j.model.dit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResidencyTest {
    private static final int LAYERS = 40;

    @Test
    void allStayWhereAllHaveRoom() {
        assertThat(Residency.forRoom(LAYERS, LAYERS)).isEqualTo(Residency.ALL);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 11, 12, 13, 14, 38, 39})
    void slotsAndResidentBlocksHaveRoomTogether(int room) {
        Residency residency = Residency.forRoom(room, LAYERS);
        assertThat(residency.resident() + residency.slots()).isBetween(room - 1, room);
        assertThat(residency.slots()).isEqualTo(room < 12 ? 2 : 3);
    }

    /** So that the first streamed block of the next step can come while the last one of this step runs. */
    @Test
    void lastAndFirstStreamedBlockHaveDifferentSlots() {
        for (int room = 2; room < LAYERS; room++) {
            Residency residency = Residency.forRoom(room, LAYERS);
            while (residency.resident() > 0) {
                assertThat((LAYERS - residency.resident()) % residency.slots())
                        .as(residency.toString())
                        .isNotEqualTo(1);
                residency = residency.fewer(LAYERS);
            }
        }
    }

    @Test
    void fewerEndsWithNoneResidentAndTwoSlots() {
        Residency residency = Residency.forRoom(LAYERS, LAYERS);
        int before = LAYERS;
        while (residency.resident() > 0) {
            residency = residency.fewer(LAYERS);
            assertThat(residency.resident()).isBetween(before * 3 / 4 - 2, before - 1);
            before = residency.resident();
        }
        assertThat(new Residency(0, 3).fewer(LAYERS)).isEqualTo(new Residency(0, 2));
        assertThat(new Residency(0, 2).fewer(LAYERS)).isEqualTo(new Residency(0, 2));
    }

    @Test
    void oneSlotIsTooFew() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Residency(3, 1))
                .withMessageContaining("slots");
    }
}
