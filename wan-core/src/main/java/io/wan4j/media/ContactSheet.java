package io.wan4j.media;

import io.wan4j.error.ShapeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A grid of frames in one picture, row by row, on white.
 *
 * @param columns frames in a row
 * @param cellWidth frames wider than this are scaled down to it
 * @param gap pixels between frames and around the sheet
 */
public record ContactSheet(int columns, int cellWidth, int gap) {
    /** Refuses an empty grid. */
    public ContactSheet {
        if (columns < 1 || cellWidth < 1 || gap < 0) {
            throw new IllegalArgumentException(
                    "contact sheet: expected at least one column, a cell of at least one pixel and no negative gap, got "
                            + columns + ", " + cellWidth + ", " + gap);
        }
    }

    /** Five columns of at most 320 pixels, 4 apart. */
    public static ContactSheet standard() {
        return new ContactSheet(5, 320, 4);
    }

    /** Up to {@code count} of the frames, spread evenly from the first to the last. */
    public static List<Picture> spread(List<Picture> frames, int count) {
        if (count < 1) {
            throw new IllegalArgumentException("contact sheet: expected at least one frame, got " + count);
        }
        if (frames.size() <= count) {
            return List.copyOf(frames);
        }
        List<Picture> picked = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            picked.add(frames.get(count == 1 ? 0 : Math.round((float) i * (frames.size() - 1) / (count - 1))));
        }
        return picked;
    }

    /**
     * Draws the frames.
     *
     * @param frames at least one, all of one size
     */
    public Picture draw(List<Picture> frames) {
        if (frames.isEmpty()) {
            throw new IllegalArgumentException("contact sheet: expected at least one frame, got none");
        }
        PixelSize frame = frames.get(0).size();
        PixelSize cell = frame.width() <= cellWidth
                ? frame
                : new PixelSize(cellWidth, Math.max(1, (int)
                        Math.round((double) frame.height() * cellWidth / frame.width())));
        int across = Math.min(columns, frames.size());
        int down = (frames.size() + across - 1) / across;
        PixelSize sheet = new PixelSize(across * (cell.width() + gap) + gap, down * (cell.height() + gap) + gap);
        byte[] rgb = new byte[3 * sheet.width() * sheet.height()];
        Arrays.fill(rgb, (byte) 255);
        for (int i = 0; i < frames.size(); i++) {
            if (!frames.get(i).size().equals(frame)) {
                throw new ShapeException("contact sheet, frame " + i + ": expected " + frame + ", got "
                        + frames.get(i).size());
            }
            byte[] pixels = frames.get(i).scaledTo(cell).raw();
            int left = gap + i % across * (cell.width() + gap);
            int top = gap + i / across * (cell.height() + gap);
            for (int y = 0; y < cell.height(); y++) {
                int to = 3 * ((top + y) * sheet.width() + left);
                System.arraycopy(pixels, 3 * y * cell.width(), rgb, to, 3 * cell.width());
            }
        }
        return Picture.wrap(sheet, rgb);
    }
}
