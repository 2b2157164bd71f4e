//! The frame header of a JPEG: size, components, how they are coded.

use crate::uploads::bounds::{Bounds, Tally};
use crate::uploads::take::Take;
use crate::uploads::unfit::Unfit;

const CODING: &str = "This JPEG is coded in a way that browsers do not show (lossless, hierarchical, \
                      arithmetic or with 12 bits); export it as a plain JPEG and send that.";

/// What a frame header says.
pub(super) struct Frame {
    pub width: usize,
    pub height: usize,
    pub marker: u8,
    pub progressive: bool,
    pub components: Vec<Component>,
}

/// One component: its id, its sampling factors and its quantisation table.
pub(super) struct Component {
    pub id: u8,
    pub across: usize,
    pub down: usize,
    pub table: usize,
}

impl Frame {
    /// Reads the segment of a frame marker.
    pub fn read(marker: u8, segment: &[u8], bounds: &Bounds) -> Result<Self, Unfit> {
        if !matches!(marker, 0xC0..=0xC2) {
            return Err(Unfit::unsupported(CODING));
        }
        let mut take = Take::new(segment);
        if take.byte()? != 8 {
            return Err(Unfit::unsupported(CODING));
        }
        let height = u16::from_be_bytes(take.array()?);
        let width = u16::from_be_bytes(take.array()?);
        bounds.size(width.into(), height.into())?;
        bounds.frame(&mut Tally::default(), width.into(), height.into())?;
        let count = take.byte()?;
        if !matches!(count, 1 | 3 | 4) {
            return Err(Unfit::broken(format!("it has {count} colour components")));
        }
        let components: Result<Vec<_>, _> = (0..count).map(|_| component(&mut take)).collect();
        let components = components?;
        let (width, height) = (width.into(), height.into());
        Ok(Self { width, height, marker, progressive: marker == 0xC2, components })
    }

    pub fn pixels(&self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// Bytes of a decoded pixel: grey stays grey.
    pub fn channels(&self) -> u64 {
        if self.components.len() == 1 { 1 } else { 3 }
    }

    /// The largest sampling factors.
    pub fn sampling(&self) -> (usize, usize) {
        let across = self.components.iter().map(|c| c.across).max().unwrap_or(1);
        let down = self.components.iter().map(|c| c.down).max().unwrap_or(1);
        (across, down)
    }

    /// Samples of all components, whole blocks counted.
    pub fn samples(&self) -> u64 {
        let (across, down) = self.sampling();
        let units = self.width.div_ceil(8 * across) * self.height.div_ceil(8 * down);
        let blocks: usize = self.components.iter().map(|c| c.across * c.down).sum();
        (units * blocks * 64) as u64
    }
}

fn component(take: &mut Take<'_>) -> Result<Component, Unfit> {
    let [id, factors, table] = take.array()?;
    let (across, down) = (usize::from(factors >> 4), usize::from(factors & 15));
    if !(1..=4).contains(&across) || !(1..=4).contains(&down) || table > 3 {
        return Err(Unfit::broken("its frame header makes no sense"));
    }
    Ok(Component { id, across, down, table: table.into() })
}
