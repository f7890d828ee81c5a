package io.wan4j.cli;

import io.wan4j.media.Picture;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.Polygon;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;

/** The demo's picture: a sun over hills and a sea. */
final class DemoPicture {
    private static final int WIDTH = 320;
    private static final int HEIGHT = 192;

    private DemoPicture() {}

    static Picture draw() {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setPaint(new GradientPaint(0, 0, new Color(40, 60, 130), 0, HEIGHT, new Color(250, 170, 90)));
        g.fillRect(0, 0, WIDTH, HEIGHT);
        g.setColor(new Color(255, 230, 150));
        g.fillOval(205, 60, 48, 48);
        hills(g, new Color(70, 80, 110), 120, 22, 0.021);
        hills(g, new Color(40, 60, 60), 140, 14, 0.043);
        g.setPaint(new GradientPaint(0, 155, new Color(30, 90, 120), 0, HEIGHT, new Color(10, 40, 70)));
        g.fillRect(0, 155, WIDTH, HEIGHT - 155);
        g.dispose();
        return Picture.of(image);
    }

    private static void hills(Graphics2D g, Color color, int base, int height, double frequency) {
        Polygon hills = new Polygon();
        hills.addPoint(0, HEIGHT);
        for (int x = 0; x <= WIDTH; x++) {
            hills.addPoint(x, (int) Math.round(base - height * Math.sin(frequency * x + height)));
        }
        hills.addPoint(WIDTH, HEIGHT);
        g.setColor(color);
        g.fillPolygon(hills);
    }
}
