/** Pictures in (decoding, resizing, preprocessing) and frames out (mp4, GIF, PNG sequence, contact sheet). */
@NullMarked
package io.wan4j.media;

import org.jspecify.annotations.NullMarked;
